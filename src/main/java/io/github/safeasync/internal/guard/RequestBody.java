package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.container.Quirks;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.EOFException;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * How far the body of a request has been read, by whatever method. As long as there may be more of
 * it the container's side of an ended exchange is kept, and nobody is told that the body is over.
 *
 * <pre>
 *   ┌────────┐ ended: the last byte was read, or there is none   ┌───────┐
 *   │ UNREAD │ ────────────────────────────────────────────────► │ WHOLE │
 *   └┬──┬──┬─┘                                                   └───────┘
 *    │  │  │ parts: the container keeps them  ┌────────┐ left        ▲
 *    │  │  └────────────────────────────────► │ PARTED │ ────────────┘
 *    │  │ failed: a read threw   ┌────────┐   └────────┘
 *    │  └──────────────────────► │ BROKEN │ ──┐
 *    │                           └────────┘   │ left
 *    │ left: nobody reads on     ┌──────┐     │
 *    └─────────────────────────► │ LEFT │ ◄───┘
 *                                └──────┘
 * </pre>
 *
 * <p>A GET over HTTP/2 that announces no body is taken for one without, and so is WHOLE; it is
 * UNREAD again once some of one has been read.
 *
 * <p>The phase is any thread's; what is counted belongs to the thread that reads.
 */
public final class RequestBody {

  private enum Phase {
    /** There may be more. */
    UNREAD,
    /** All of it has been read, into parts that are the container's as long as the request is. */
    PARTED,
    /** All of it has been read. */
    WHOLE,
    /** The rest will not come. */
    BROKEN,
    /** The application has completed the request or closed the stream, or has taken too long. */
    LEFT
  }

  private static final AtomicReferenceFieldUpdater<RequestBody, Phase> PHASE =
      AtomicReferenceFieldUpdater.newUpdater(RequestBody.class, Phase.class, "phase");

  private static final String URL_ENCODED = "application/x-www-form-urlencoded";
  private static final String MULTIPART = "multipart/form-data";

  private final ExchangeAccess exchange;
  private volatile Phase phase = Phase.UNREAD;
  private volatile boolean known;
  private volatile boolean streamed;
  private volatile @Nullable Collection<Part> parts;
  private volatile @Nullable GuardedReadListener listener;
  private volatile boolean listenedLate;

  /** How many bytes are to come; -1 if that is not known, or may be those of another encoding. */
  private long declared = -1;

  private volatile boolean http2;

  /** Whether it is taken for none because few requests of its method have one. */
  private volatile boolean presumedNone;

  private long count;

  /** Whether no departure can take anything of the body away any more. */
  private boolean given;

  /** Counts reads, to see that somebody still reads. */
  private volatile int reads;

  private volatile boolean parametersAsked;

  public RequestBody(ExchangeAccess exchange) {
    this.exchange = exchange;
  }

  /**
   * Whether its connection has to be looked at before the request is served: of a stream that is
   * reset Tomcat shows afterwards no more whether its end had come.
   */
  public static boolean mayEndUnseen(HttpServletRequest request) {
    return isHttp2(request) && !isSafe(request.getMethod()) && request.getContentLengthLong() < 0;
  }

  /** Looks at what the request says of its body, once. */
  public void announced(HttpServletRequest request) {
    if (known) {
      return;
    }
    long length = request.getContentLengthLong();
    if (length > 0 && PassedOn.isBodyOf(request) && request.getHeader("Content-Encoding") == null) {
      declared = length;
    }
    http2 = isHttp2(request);
    boolean none = isNone(request);
    presumedNone = none && http2 && length < 0;
    known = true;
    if (none) {
      ended();
    }
  }

  /** Whether a request has no body. On HTTP/2 one needs no header to announce it. */
  public static boolean isNone(HttpServletRequest request) {
    long length = request.getContentLengthLong();
    return length == 0
        || (length < 0
            && request.getHeader("Transfer-Encoding") == null
            && (!isHttp2(request) || isSafe(request.getMethod())));
  }

  private static boolean isHttp2(HttpServletRequest request) {
    return "HTTP/2.0".equals(request.getProtocol());
  }

  private static boolean isSafe(String method) {
    return "GET".equals(method) || "HEAD".equals(method) || "OPTIONS".equals(method);
  }

  public boolean isWhole() {
    Phase now = phase;
    return now == Phase.WHOLE || now == Phase.PARTED;
  }

  /** Whether somebody may still read it or its parts, or is to hear that all has been read. */
  public boolean isAwaited() {
    GuardedReadListener listening = listener;
    Phase now = phase;
    return listening == null
        ? now == Phase.UNREAD || now == Phase.PARTED
        : now != Phase.LEFT && !listening.isEnded();
  }

  /** Whether a read threw. */
  public boolean isBroken() {
    return phase == Phase.BROKEN;
  }

  /** Whether a ReadListener has heard of no end yet. */
  public boolean isListenedTo() {
    return listener() != null;
  }

  /** The ReadListener that has heard of no end yet. */
  public @Nullable GuardedReadListener listener() {
    GuardedReadListener listening = listener;
    return listening == null || listening.isEnded() ? null : listening;
  }

  /** Whether the ReadListener has come after the end: the container is still to call it. */
  public boolean isListenedLate() {
    return listenedLate;
  }

  /** The container tells the listener from now on. */
  void listens(GuardedReadListener reading) {
    listenedLate = !exchange.isLive();
    listener = reading;
  }

  /** Returns a number that changes with each read. */
  public int reads() {
    return reads;
  }

  /** The application reads the body itself: the container takes no parameters from it. */
  void streamed(HttpServletRequest request) {
    announced(request);
    streamed = true;
  }

  @Nullable Collection<Part> parts() {
    return parts;
  }

  /** The application has the parts, for which all of the body was read. */
  @Nullable Collection<Part> parts(@Nullable Collection<Part> read) throws EOFException {
    parted();
    parts = read;
    return read;
  }

  /**
   * The container has made parts of all of the body.
   *
   * @throws EOFException if that was not all
   */
  void parted() throws EOFException {
    switch (phase) {
      case UNREAD -> {
        requireWhole(Long.MAX_VALUE);
        if (to(Phase.PARTED)) {
          exchange.bodyRead();
        }
      }
      // They are, or will be, the container's to delete.
      case BROKEN, LEFT -> throw cut();
      case PARTED, WHOLE -> {}
    }
  }

  /**
   * The application has the parameters, for which the body of a form was read.
   *
   * @throws IllegalStateException if that was not all, as Servlet 6.1 has it
   */
  void parametersRead(HttpServletRequest request) {
    parametersAsked = true;
    if (isWhole() || streamed) {
      return;
    }
    String contentType = request.getContentType();
    if (!isForm(contentType) || !isReadForParameters(request)) {
      return;
    }
    announced(request);
    try {
      if (isOf(contentType, MULTIPART)) {
        parted();
      } else if (isOf(contentType, URL_ENCODED)) {
        endRead(Long.MAX_VALUE);
      }
    } catch (EOFException cut) {
      throw cutParameters(cut);
    }
  }

  /** Of other methods than POST Jetty takes the parameters, too. */
  private boolean isReadForParameters(HttpServletRequest request) {
    if ("POST".equals(request.getMethod())) {
      return true;
    }
    long length = request.getContentLengthLong();
    Quirks quirks = length > 0 ? exchange.quirksOfAny() : null;
    return quirks != null && quirks.isBodyRead(length);
  }

  boolean parametersAsked() {
    return parametersAsked;
  }

  /** Whether a container may read a body of this type for the parameters in it. */
  static boolean isForm(@Nullable String contentType) {
    return isOf(contentType, URL_ENCODED) || isOf(contentType, MULTIPART);
  }

  private static boolean isOf(@Nullable String contentType, String type) {
    return contentType != null && contentType.toLowerCase(Locale.ROOT).startsWith(type);
  }

  /** Counts what was read; by the thread that has read it. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time reads a body
  void read(long bytes) throws EOFException {
    if (bytes > 0) {
      count += bytes;
      reads++;
      if (declared < 0 || count == declared) {
        someRead();
      }
      if (count == declared) {
        ended();
      }
    }
  }

  /** Some of it was read, be it as text; by the thread that has read it. */
  void someRead() throws EOFException {
    if (presumedNone) {
      presumedNone = false;
      boolean unused = PHASE.compareAndSet(this, Phase.WHOLE, Phase.UNREAD);
    }
    Quirks quirks = http2 && !given ? exchange.quirksOfAny() : null;
    if (quirks != null) {
      requireOwn(quirks);
      given = quirks.isBodyGiven();
    }
  }

  /** On HTTP/2 a container may have given what was read away while it was read. */
  private void requireOwn(Quirks quirks) throws EOFException {
    if (phase == Phase.UNREAD && quirks.isBodyLost()) {
      failed();
      throw cut();
    }
  }

  /** Counts what a read has returned: a number of bytes, or -1 for the end. */
  int met(int read) throws EOFException {
    if (read < 0) {
      endRead();
    } else {
      read(read);
    }
    return read;
  }

  /** As {@link #met(int)}, of a read that returns less than was wanted at the end. */
  void met(int read, int wanted) throws EOFException {
    read(read);
    if (read < wanted) {
      endRead();
    }
  }

  /** The container has given the end of the body. */
  void endRead() throws EOFException {
    endRead(count);
  }

  /**
   * As {@link #endRead()}, where it is not known how many bytes were read.
   *
   * @param atMost how many they may have been
   * @throws EOFException if that is not all: the client has left before
   */
  void endRead(long atMost) throws EOFException {
    switch (phase) {
      case UNREAD -> {
        requireWhole(atMost);
        ended();
      }
      // The container has given a read its end while it took its objects back.
      case BROKEN, LEFT -> throw cut();
      case PARTED, WHOLE -> {}
    }
  }

  private void requireWhole(long received) throws EOFException {
    if (isCut(received)) {
      failed();
      throw cut();
    }
  }

  static IllegalStateException cutParameters(Exception cut) {
    return new IllegalStateException("The parameters are in a body that was cut off", cut);
  }

  static EOFException cut() {
    return new EOFException("The client left before the end of the request's body");
  }

  /**
   * What is missing here may have been read by somebody in front of the library, and where nothing
   * was read, of a client that is there, it is the container's to say.
   */
  private boolean isCut(long received) {
    if (received == declared) {
      return false;
    }
    Quirks quirks = exchange.quirksOfAny();
    if (received < declared && (received > 0 || exchange.isDisconnected())) {
      return quirks == null || !quirks.isBodyRead(declared);
    }
    return quirks != null && quirks.isBodyCut(received);
  }

  /** Whether the body is at its end, of which the container says that it has given it. */
  boolean isFinished(boolean given) {
    if (given && phase == Phase.UNREAD) {
      if (isCut(count)) {
        failed();
      } else {
        ended();
      }
    }
    return given && phase != Phase.BROKEN && phase != Phase.LEFT;
  }

  /** What comes on the connection from now on is the client's departure. */
  void ended() {
    if (to(Phase.WHOLE)) {
      exchange.bodyRead();
      exchange.lingered();
    }
  }

  /** A read threw: the rest will not come. */
  void failed() {
    if (to(Phase.BROKEN)) {
      exchange.lingered();
    }
  }

  /** Nobody reads on. */
  public void left() {
    if (!to(Phase.LEFT)
        && !PHASE.compareAndSet(this, Phase.BROKEN, Phase.LEFT)
        && (PHASE.compareAndSet(this, Phase.PARTED, Phase.WHOLE) || phase == Phase.WHOLE)) {
      listener = null;
    }
    exchange.lingered();
  }

  private boolean to(Phase next) {
    return PHASE.compareAndSet(this, Phase.UNREAD, next);
  }
}
