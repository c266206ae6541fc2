package io.github.safeasync;

import jakarta.servlet.http.HttpServletResponse;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Status, headers and content type, kept until the response is committed, so that any thread can
 * change them without a call of the container. Thread-safe and lock-free.
 */
final class ResponseHead {

  /** A header and those given before it. */
  private record Header(String name, String value, boolean replaces, @Nullable Header before) {}

  /** All of it at one moment; the charset is that of the content type. */
  private record Fields(
      boolean committed,
      int status,
      @Nullable String contentType,
      Charset charset,
      boolean text,
      @Nullable Header headers) {

    static final Fields NONE = new Fields(false, 0, null, StandardCharsets.UTF_8, false, null);

    Fields asCommitted() {
      return new Fields(true, status, contentType, charset, text, headers);
    }

    Fields withStatus(int value) {
      return new Fields(committed, value, contentType, charset, text, headers);
    }

    Fields withContentType(String value, Charset itsCharset) {
      return new Fields(committed, status, value, itsCharset, text, headers);
    }

    Fields withText() {
      return new Fields(committed, status, contentType, charset, true, headers);
    }

    Fields withHeader(String name, String value, boolean replaces) {
      Header added = new Header(name, value, replaces, headers);
      return new Fields(committed, status, contentType, charset, text, added);
    }
  }

  private static final String DEFAULT_TEXT = "text/plain;charset=utf-8";

  private static final VarHandle FIELDS;

  static {
    try {
      FIELDS = MethodHandles.lookup().findVarHandle(ResponseHead.class, "fields", Fields.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile Fields fields = Fields.NONE;

  /** Takes over the content type that the application has given the container's response. */
  void startFrom(HttpServletResponse response) {
    String contentType = response.getContentType();
    if (contentType != null) {
      change(f -> f.withContentType(contentType, charsetOf(contentType)));
    }
  }

  boolean status(int status) {
    return change(f -> f.withStatus(status));
  }

  boolean contentType(String contentType) {
    Charset charset = charsetOf(contentType);
    return change(f -> f.withContentType(contentType, charset));
  }

  boolean header(String name, String value, boolean replaces) {
    return change(f -> f.withHeader(name, value, replaces));
  }

  /** Answers the bytes of a text that is part of the body. */
  byte[] encode(CharSequence text) {
    change(Fields::withText);
    return text.toString().getBytes(fields.charset);
  }

  boolean isCommitted() {
    return fields.committed;
  }

  /** Hands everything to the response and accepts no more changes. */
  void commitTo(HttpServletResponse response) {
    Fields last = update(Fields::asCommitted);
    if (last.committed) {
      return;
    }
    if (last.status != 0) {
      response.setStatus(last.status);
    }
    String contentType = contentTypeOf(last);
    if (contentType != null && !contentType.equals(response.getContentType())) {
      response.setContentType(contentType);
    }
    apply(last.headers, response);
  }

  /** Hands over the headers alone, for an error in place of the body. */
  void commitErrorTo(HttpServletResponse response) {
    Fields last = update(Fields::asCommitted);
    if (!last.committed) {
      apply(last.headers, response);
    }
  }

  /** Answers false, and changes nothing, once the response is committed. */
  private boolean change(UnaryOperator<Fields> change) {
    return !update(change).committed;
  }

  /** Changes the fields unless they are committed, and answers what they were before. */
  private Fields update(UnaryOperator<Fields> change) {
    while (true) {
      Fields now = fields;
      if (now.committed || FIELDS.compareAndSet(this, now, change.apply(now))) {
        return now;
      }
    }
  }

  private static void apply(@Nullable Header last, HttpServletResponse response) {
    if (last == null) {
      return;
    }
    apply(last.before, response);
    if (last.replaces) {
      response.setHeader(last.name, last.value);
    } else {
      response.addHeader(last.name, last.value);
    }
  }

  /**
   * Answers the content type to send. Text without a declared charset was encoded in UTF-8, and a
   * {@code text} type says so: a client would guess otherwise. An event stream is UTF-8 by
   * definition (HTML standard, section 9.2.5).
   */
  private static @Nullable String contentTypeOf(Fields fields) {
    String type = fields.contentType;
    if (!fields.text) {
      return type;
    }
    if (type == null) {
      return DEFAULT_TEXT;
    }
    String lower = type.toLowerCase(Locale.ROOT);
    boolean undeclared =
        lower.startsWith("text/")
            && !lower.startsWith("text/event-stream")
            && !lower.contains("charset=");
    return undeclared ? type + ";charset=utf-8" : type;
  }

  private static Charset charsetOf(String contentType) {
    for (String parameter : contentType.split(";", -1)) {
      String trimmed = parameter.trim();
      if (trimmed.regionMatches(true, 0, "charset=", 0, 8)) {
        return charsetNamed(trimmed.substring(8).replace("\"", "").trim(), contentType);
      }
    }
    return StandardCharsets.UTF_8;
  }

  private static Charset charsetNamed(String name, String contentType) {
    try {
      return Charset.forName(name);
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      throw new IllegalArgumentException(
          "The content type " + contentType + " names a charset that this JVM does not have", e);
    }
  }
}
