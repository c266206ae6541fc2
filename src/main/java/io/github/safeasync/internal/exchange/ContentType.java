package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Log;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A content type, and the charset of the texts sent with it. Immutable. */
final class ContentType {

  /** A parameter of a media type; a quoted value is one piece (RFC 9110 section 5.6.6). */
  private static final Pattern PARAMETER =
      Pattern.compile(";\\s*([^\\s;=\"]+)=(\"(?:[^\"\\\\]++|\\\\.)*+\"|[^;]*)");

  /** Of a text whose content type is not given. */
  static final ContentType PLAIN_TEXT = of("text/plain;charset=utf-8");

  private final String value;
  private final boolean declaresCharset;
  private final Charset charset;

  private ContentType(String value, boolean declaresCharset, Charset charset) {
    this.value = value;
    this.declaresCharset = declaresCharset;
    this.charset = charset;
  }

  /** A media type, and whatever parameters (RFC 9110 section 8.3.1). */
  private static final Pattern MEDIA_TYPE =
      Pattern.compile("[\\w!#$%&'*+.^`|~-]+/[\\w!#$%&'*+.^`|~-]+[ \\t]*(;.*)?");

  /**
   * Reads what an application gives for a content type.
   *
   * @throws IllegalArgumentException if it is none, or text cannot be written in its charset
   */
  static ContentType checked(String value) {
    HeaderChecks.headerValue("Content-Type", value);
    if (!MEDIA_TYPE.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "A content type is type/subtype with parameters, such as text/html;charset=utf-8, not \""
              + value
              + "\"");
    }
    return of(value);
  }

  /**
   * Reads a content type.
   *
   * @throws IllegalArgumentException if text cannot be written in its charset
   */
  static ContentType of(String value) {
    String name = charsetNameOf(value);
    return name == null
        ? new ContentType(value, false, StandardCharsets.UTF_8)
        : new ContentType(value, true, charsetNamed(name, value));
  }

  /** Reads a content type that the library was not asked to check. */
  static ContentType unchecked(Object about, String value) {
    try {
      return of(value);
    } catch (IllegalArgumentException e) {
      Log.ignored(about, "the charset of the response", e);
      return new ContentType(value, true, StandardCharsets.UTF_8);
    }
  }

  private static @Nullable String charsetNameOf(String value) {
    Matcher parameters = PARAMETER.matcher(value);
    while (parameters.find()) {
      if (parameters.group(1).equalsIgnoreCase("charset")) {
        return parameters.group(2).replace("\"", "").trim();
      }
    }
    return null;
  }

  private static Charset charsetNamed(String name, String value) {
    try {
      Charset charset = Charset.forName(name);
      if (charset.canEncode()) {
        return charset;
      }
      throw new UnsupportedCharsetException(name);
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      throw new IllegalArgumentException(
          "The content type " + value + " names a charset in which this JVM cannot write", e);
    }
  }

  /** Returns the charset of texts: UTF-8 unless another one is declared. */
  Charset charset() {
    return charset;
  }

  /**
   * Returns the content type of a response with text in it. Text without a declared charset was
   * encoded in UTF-8, and a {@code text} type says so: a client would guess otherwise. An event
   * stream is UTF-8 by definition (HTML standard, section 9.2.5).
   */
  String withText() {
    String lower = value.toLowerCase(Locale.ROOT);
    boolean guessed =
        !declaresCharset && lower.startsWith("text/") && !lower.startsWith("text/event-stream");
    return guessed ? value + ";charset=utf-8" : value;
  }

  @Override
  public String toString() {
    return value;
  }
}
