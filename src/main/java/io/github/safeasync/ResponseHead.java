package io.github.safeasync;

import jakarta.servlet.http.HttpServletResponse;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Status, headers and content type, kept until the response is committed, so that any thread can
 * change them without a call of the container. Thread-safe and lock-free.
 */
final class ResponseHead {

  /** A header and those given before it. */
  private record Header(String name, String value, boolean replaces, @Nullable Header before) {}

  private record Fields(
      int status, @Nullable String contentType, boolean text, @Nullable Header headers) {}

  /**
   * How long the body is to be (RFC 9110 sections 6.4.1 and 8.6).
   *
   * @param length what Content-Length declares, -1 if nothing
   * @param statusTakesBody false for 204, 205 and 304
   * @param takesBody false for those, and for the response to HEAD
   */
  record Framing(long length, boolean statusTakesBody, boolean takesBody) {

    static final Framing UNKNOWN = new Framing(-1, true, true);
  }

  private static final String DEFAULT_TEXT = "text/plain;charset=utf-8";

  /** Null once the response is committed. */
  private final AtomicReference<@Nullable Fields> fields =
      new AtomicReference<>(new Fields(0, null, false, null));

  /** Written by {@link #startFrom} and {@link #commitTo} only; needed after the commit. */
  private volatile Charset charset = StandardCharsets.UTF_8;

  /** Takes over the content type that the application has given the container's response. */
  void startFrom(HttpServletResponse response) {
    String contentType = response.getContentType();
    if (contentType != null) {
      change(f -> new Fields(f.status, contentType, f.text, f.headers));
    }
  }

  boolean status(int status) {
    return change(f -> new Fields(status, f.contentType, f.text, f.headers));
  }

  boolean contentType(String contentType) {
    charsetOf(contentType);
    return change(f -> new Fields(f.status, contentType, f.text, f.headers));
  }

  boolean header(String name, String value, boolean replaces) {
    return change(
        f ->
            new Fields(
                f.status, f.contentType, f.text, new Header(name, value, replaces, f.headers)));
  }

  /** Answers the bytes of a text that is part of the body. */
  byte[] encode(CharSequence text) {
    change(f -> f.text ? f : new Fields(f.status, f.contentType, true, f.headers));
    Fields now = fields.get();
    Charset encoding = now == null ? charset : charsetOf(now.contentType);
    return text.toString().getBytes(encoding);
  }

  boolean isCommitted() {
    return fields.get() == null;
  }

  /** Hands everything to the response and accepts no more changes. */
  Framing commitTo(HttpServletResponse response, boolean headRequest) {
    Fields last = fields.getAndSet(null);
    if (last == null) {
      return Framing.UNKNOWN;
    }
    charset = charsetOf(last.contentType);
    if (last.status != 0) {
      response.setStatus(last.status);
    }
    String contentType = contentTypeOf(last);
    if (contentType != null && !contentType.equals(response.getContentType())) {
      response.setContentType(contentType);
    }
    apply(last.headers, response);
    return framing(response, headRequest);
  }

  private static Framing framing(HttpServletResponse response, boolean headRequest) {
    int status = response.getStatus();
    boolean statusTakesBody = status != 204 && status != 205 && status != 304;
    return new Framing(contentLength(response), statusTakesBody, statusTakesBody && !headRequest);
  }

  private static long contentLength(HttpServletResponse response) {
    String declared = response.getHeader("Content-Length");
    try {
      return declared == null ? -1 : Long.parseLong(declared.trim());
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Hands over the headers alone, for an error in place of the body. */
  void commitErrorTo(HttpServletResponse response) {
    Fields last = fields.getAndSet(null);
    if (last != null) {
      apply(last.headers, response);
    }
    if (!response.isCommitted()) {
      // It was the length of the body that does not come.
      response.setContentLengthLong(-1);
    }
  }

  private boolean change(UnaryOperator<Fields> change) {
    while (true) {
      Fields now = fields.get();
      if (now == null) {
        return false;
      }
      if (fields.compareAndSet(now, change.apply(now))) {
        return true;
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

  private static Charset charsetOf(@Nullable String contentType) {
    if (contentType == null) {
      return StandardCharsets.UTF_8;
    }
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
