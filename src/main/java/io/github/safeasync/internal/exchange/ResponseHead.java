package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Log;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Status, headers and content type, kept until the response is committed, so that any thread can
 * change them without a call of the container. Thread-safe and lock-free.
 */
final class ResponseHead {

  private static final String TRAILER = "Trailer";

  /** A header, or a cookie, and those given before it. */
  private record Header(
      String name,
      String value,
      boolean replaces,
      @Nullable Cookie cookie,
      @Nullable Header before) {

    void applyTo(HttpServletResponse response) {
      if (cookie != null) {
        response.addCookie(cookie);
      } else if (replaces) {
        response.setHeader(name, value);
      } else {
        response.addHeader(name, value);
      }
    }
  }

  /** All of it at one moment. */
  private record Fields(
      boolean committed,
      int status,
      @Nullable ContentType contentType,
      boolean text,
      @Nullable Header headers,
      @Nullable Header trailers) {

    static final Fields NONE = new Fields(false, 0, null, false, null, null);

    Fields asCommitted() {
      return new Fields(true, status, contentType, text, headers, trailers);
    }

    Fields withStatus(int value) {
      return new Fields(committed, value, contentType, text, headers, trailers);
    }

    Fields withContentType(ContentType value) {
      return new Fields(committed, status, value, text, headers, trailers);
    }

    Fields withText() {
      return new Fields(committed, status, contentType, true, headers, trailers);
    }

    Fields withHeader(String name, String value, boolean replaces) {
      Header added = new Header(name, value, replaces, null, headers);
      return new Fields(committed, status, contentType, text, added, trailers);
    }

    Fields withCookie(Cookie cookie) {
      Header added = new Header("", "", false, cookie, headers);
      return new Fields(committed, status, contentType, text, added, trailers);
    }

    Fields withTrailer(String name, String value) {
      Header added = new Header(name, value, true, null, trailers);
      return new Fields(committed, status, contentType, text, headers, added);
    }

    /** Whether fields may follow the body: some are given, or announced. */
    boolean sendsTrailers() {
      return trailers != null || valueOf(TRAILER, headers) != null;
    }

    Charset charset() {
      return contentType == null ? StandardCharsets.UTF_8 : contentType.charset();
    }

    /** Text that was written in one charset must not be declared in another one. */
    boolean takes(Charset wanted) {
      return !text || wanted.equals(charset());
    }

    @Nullable String contentTypeToSend() {
      if (!text) {
        return contentType == null ? null : contentType.toString();
      }
      return contentType == null ? ContentType.PLAIN_TEXT.toString() : contentType.withText();
    }
  }

  private static final AtomicReferenceFieldUpdater<ResponseHead, Fields> FIELDS =
      AtomicReferenceFieldUpdater.newUpdater(ResponseHead.class, Fields.class, "fields");

  private final Object about;
  private volatile Fields fields = Fields.NONE;

  /**
   * Makes one without a header.
   *
   * @param about the exchange, for the log
   */
  ResponseHead(Object about) {
    this.about = about;
  }

  /** Takes over the content type that the application has given the container's response. */
  void startFrom(String contentType) {
    ContentType given = ContentType.unchecked(about, contentType);
    change(f -> f.withContentType(given));
  }

  /** The application has sent the container's response, and the head with it. */
  void sentElsewhere() {
    update(Fields::asCommitted);
  }

  boolean status(int status) {
    return change(f -> f.withStatus(status));
  }

  /** Returns false, and changes nothing, if text has been encoded in another charset already. */
  boolean contentType(ContentType contentType) {
    Charset wanted = contentType.charset();
    Fields before = update(f -> f.takes(wanted) ? f.withContentType(contentType) : f);
    return !before.committed && before.takes(wanted);
  }

  boolean contentTypeIfNone(String contentType) {
    ContentType type = ContentType.unchecked(about, contentType);
    return change(f -> f.contentType != null ? f : f.withContentType(type));
  }

  boolean header(String name, String value, boolean replaces) {
    return change(f -> f.withHeader(name, value, replaces));
  }

  boolean cookie(Cookie cookie) {
    return change(f -> f.withCookie(cookie));
  }

  /** A field that follows the body; false if the head has gone and announced none. */
  boolean trailer(String name, String value) {
    while (true) {
      Fields now = fields;
      if (now.committed && !now.sendsTrailers()) {
        return false;
      }
      if (FIELDS.compareAndSet(this, now, now.withTrailer(name, value))) {
        return true;
      }
    }
  }

  /** Whether fields may follow the body, which has to be framed in a way that lets them. */
  boolean sendsTrailers() {
    return fields.sendsTrailers();
  }

  /** What follows the body, as it is now. */
  private Map<String, String> trailers() {
    Map<String, String> given = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Header trailer = fields.trailers; trailer != null; trailer = trailer.before) {
      given.putIfAbsent(trailer.name, trailer.value);
    }
    return given;
  }

  /** Whether the status is 200. */
  boolean isOk() {
    int status = fields.status;
    return status == 0 || status == HttpServletResponse.SC_OK;
  }

  /** Returns the last value of a header, if it was given here. */
  @Nullable String header(String name) {
    return valueOf(name, fields.headers);
  }

  private static @Nullable String valueOf(String name, @Nullable Header last) {
    Header header = last;
    while (header != null && !header.name.equalsIgnoreCase(name)) {
      header = header.before;
    }
    return header == null ? null : header.value;
  }

  /** Returns the bytes of a text that is part of the body. */
  byte[] encode(CharSequence text) {
    return text.toString().getBytes(textCharset());
  }

  /** The charset of text, which is fixed from now on. */
  Charset textCharset() {
    change(Fields::withText);
    return fields.charset();
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
    String contentType = last.contentTypeToSend();
    if (contentType != null && !contentType.equals(response.getContentType())) {
      response.setContentType(contentType);
    }
    apply(last.headers, response);
    if (last.sendsTrailers()) {
      offerTrailers(response);
    }
  }

  private void offerTrailers(HttpServletResponse response) {
    try {
      response.setTrailerFields(this::trailers);
    } catch (IllegalStateException e) {
      Log.refused(about, "setTrailerFields", e);
    }
  }

  /** Hands over the headers alone, for an error in place of the body. */
  void commitErrorTo(HttpServletResponse response) {
    Fields last = update(Fields::asCommitted);
    if (!last.committed) {
      apply(last.headers, response);
    }
  }

  /** Returns false, and changes nothing, once the response is committed. */
  private boolean change(UnaryOperator<Fields> change) {
    return !update(change).committed;
  }

  /** Changes the fields unless they are committed, and returns what they were before. */
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
    Deque<Header> inOrder = new ArrayDeque<>();
    for (Header header = last; header != null; header = header.before) {
      inOrder.push(header);
    }
    inOrder.forEach(header -> header.applyTo(response));
  }
}
