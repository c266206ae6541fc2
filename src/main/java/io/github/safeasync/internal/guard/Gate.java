package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.container.Quirks;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Part;
import java.io.Closeable;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way of the guarded objects into the container: straight through while the request is
 * synchronous, counted while it is asynchronous, and closed after the end.
 *
 * <p>Every guarded method asks {@link #isFree} first and then calls the container itself, so that a
 * synchronous request pays one volatile read and allocates nothing. Thread-safe.
 */
public final class Gate {

  /**
   * How long a write waits for Tomcat's lock of the connection. A container's thread that holds it
   * may be in a listener that waits for a lock of the writing thread; after this time the write
   * goes on as it would without the library.
   */
  private static final long LOCK_MILLIS = 250;

  /** A call of the container. */
  @FunctionalInterface
  interface IoCall {
    void run() throws IOException;
  }

  /** A call of the container that returns something. */
  @FunctionalInterface
  interface IoQuestion<T> {
    @Nullable T get() throws IOException;
  }

  /** A read of the body. */
  @FunctionalInterface
  interface BodyRead<T> {
    T get() throws IOException;
  }

  /** A reading of all parts. */
  @FunctionalInterface
  interface PartsQuestion {
    @Nullable Collection<Part> get() throws IOException, ServletException;
  }

  private final ExchangeAccess exchange;

  public Gate(ExchangeAccess exchange) {
    this.exchange = exchange;
  }

  ExchangeAccess exchange() {
    return exchange;
  }

  /** Whether the caller shall call the container itself. */
  boolean isFree() {
    return exchange.isFree();
  }

  /**
   * Asks the container, or returns what stands for it after the end. A thread on which the
   * container, or the library before the container is completed, runs an AsyncListener still asks
   * the container: a listener is where requests are logged and measured.
   */
  <T> T read(Supplier<? extends T> question, T otherwise) {
    return ask(question, known -> otherwise);
  }

  /** As {@link #read}, where the result after the end is one that was remembered. */
  <T extends @Nullable Object> T ask(
      Supplier<? extends T> question, Function<RequestSnapshot, ? extends T> otherwise) {
    if (exchange.enterToAsk()) {
      try {
        return question.get();
      } finally {
        exchange.exit();
      }
    }
    return exchange.isInListener() ? question.get() : otherwise.apply(exchange.remembered());
  }

  /** Asks the container what only matters to someone who writes; the other result after the end. */
  public <T> T readWhileOpen(Supplier<? extends T> question, T otherwise) {
    if (exchange.enter()) {
      try {
        return question.get();
      } finally {
        exchange.exit();
      }
    }
    return otherwise;
  }

  /**
   * Asks whether something can be sent, as {@link #isSent} sends it: Tomcat's lock of the
   * connection comes first, since the container's thread that has it waits for the calls that are
   * inside.
   */
  boolean isReady(BooleanSupplier question, boolean otherwise) {
    Lock lock = acquire(exchange.writeLock());
    boolean inside = false;
    try {
      inside = exchange.enter();
      return inside ? question.getAsBoolean() : otherwise;
    } finally {
      leave(lock, inside);
    }
  }

  /** Asks the container; null after the end. */
  <T> @Nullable T readOrNull(Supplier<? extends @Nullable T> question) {
    return readOrNull(question, null);
  }

  /** Asks the container, which may return null. */
  <T> @Nullable T readOrNull(Supplier<? extends @Nullable T> question, @Nullable T otherwise) {
    if (exchange.enterToAsk()) {
      try {
        return question.get();
      } finally {
        exchange.exit();
      }
    }
    return exchange.isInListener() ? question.get() : otherwise;
  }

  /** Asks the container, which may say that it cannot. */
  <T> @Nullable T open(IoQuestion<? extends T> question, Supplier<? extends T> otherwise)
      throws IOException {
    if (exchange.enter()) {
      try {
        return question.get();
      } finally {
        exchange.exit();
      }
    }
    return otherwise.get();
  }

  /**
   * Tells the container, or nobody after the end.
   *
   * @return whether the container was told
   */
  boolean act(Runnable call) {
    if (!exchange.enter()) {
      return false;
    }
    try {
      call.run();
      return true;
    } finally {
      exchange.exit();
    }
  }

  /**
   * As {@link #act}, for what takes Tomcat's lock of the connection inside: that comes first. It
   * waits for it as long as the container would.
   */
  boolean actUnderLock(Runnable call) {
    Lock lock = exchange.writeLock();
    if (lock != null) {
      lock.lock();
    }
    boolean inside = false;
    try {
      inside = exchange.enter();
      if (inside) {
        call.run();
      }
      return inside;
    } finally {
      leave(lock, inside);
    }
  }

  /** Leaves first the lock: the last one out may close the container's side. */
  private void leave(@Nullable Lock lock, boolean inside) {
    if (lock != null) {
      lock.unlock();
    }
    if (inside) {
      exchange.exit();
    }
  }

  /**
   * As {@link #act}, and for a listener that the container tells of an event: what that leaves in
   * the request is seen by what the container does next.
   *
   * @return whether the container was told
   */
  boolean actInListener(Runnable call) {
    if (exchange.isTelling()) {
      call.run();
      return true;
    }
    return act(call);
  }

  /**
   * Whether a call that may wait for something else than the client may go in. It is not counted:
   * an end must not wait for it.
   */
  boolean mayWait() {
    return exchange.mayWait();
  }

  /**
   * Reads the body, of which there may be more behind the end of the exchange.
   *
   * @param atEnd the result where the body's end was read before
   * @throws IOException the container's own; or one for the end of the exchange, if the rest of the
   *     body cannot be read any more
   */
  <T> T readBody(BodyRead<? extends T> read, T atEnd) throws IOException {
    RequestBody body = exchange.body();
    // What Undertow reads behind a failure is what was left in a buffer.
    boolean over = body.isBroken() && !exchange.isLive();
    if (!over && exchange.enterToRead()) {
      try {
        return read.get();
      } catch (IOException failure) {
        body.failed();
        throw failure;
      } finally {
        exchange.exitRead();
      }
    }
    if (body.isWhole()) {
      return atEnd;
    }
    throw exchange.endedException();
  }

  /**
   * Sees what the failure of a read says of the client; of a synchronous request, too. With nothing
   * inside. Nobody else may tell: Undertow has taken from the socket what would show it, and a
   * servlet may return before anybody looks.
   *
   * @return the failure, as an IOException where it comes of a body that was given up
   * @throws RuntimeException the failure, where it is the caller's own
   */
  IOException ofRead(Exception failure) {
    IOException said =
        failure instanceof IOException own ? own : ofLostBody((RuntimeException) failure);
    if (exchange.isLive()) {
      exchange.failedOnRead(said);
    }
    return said;
  }

  /** Undertow, which has noticed by itself, takes away what is being read. */
  private IOException ofLostBody(RuntimeException thrown) {
    Quirks quirks = exchange.quirksOfAny();
    boolean isLost = quirks != null && quirks.isBodyLost();
    if (!exchange.isLive()) {
      exchange.body().failed();
      return exchange.endedException();
    } else if (isLost) {
      exchange.body().failed();
      IOException cut = RequestBody.cut();
      cut.initCause(thrown);
      return cut;
    }
    throw thrown;
  }

  /**
   * Sees what the failure of reading parameters comes of, and what it says of the client, as {@link
   * #ofRead} does.
   *
   * @return the failure, as the IllegalStateException of Servlet 6.1 where it is of a lost body
   */
  RuntimeException ofParameters(RuntimeException thrown) {
    seeCause(thrown);
    Quirks quirks = thrown instanceof IllegalStateException ? null : exchange.quirksOfAny();
    if (quirks == null || !quirks.isBodyLost()) {
      return thrown;
    }
    exchange.body().failed();
    return RequestBody.cutParameters(thrown);
  }

  /** As {@link #ofParameters}, of reading parts, which Jetty lets fail in this way. */
  ServletException ofParts(ServletException thrown) {
    seeCause(thrown);
    return thrown;
  }

  private void seeCause(Exception thrown) {
    IOException met = ConnectionFailures.ofConnection(thrown);
    if (met != null) {
      exchange.body().failed();
      if (exchange.isLive()) {
        exchange.failedOnRead(met);
      }
    }
  }

  /** Asks the container for the body; what stands for it after the end is as it is guarded. */
  <T> @Nullable T openBody(IoQuestion<T> question, T otherwise) throws IOException {
    if (!exchange.enterToRead()) {
      return otherwise;
    }
    try {
      return question.get();
    } finally {
      exchange.exitRead();
    }
  }

  /** Closes the body, of which nobody reads more then. */
  void closeBody(Closeable own) throws IOException {
    if (exchange.enterToRead()) {
      try {
        own.close();
        exchange.body().left();
      } finally {
        exchange.exitRead();
      }
    }
  }

  /** Reads the parts of the body, unless the application has them. */
  @Nullable Collection<Part> readParts(PartsQuestion read) throws IOException, ServletException {
    RequestBody body = exchange.body();
    if (exchange.enterToRead()) {
      try {
        return read.get();
      } catch (IOException failure) {
        body.failed();
        throw failure;
      } finally {
        exchange.exitRead();
      }
    }
    Collection<Part> parts = body.parts();
    if (parts == null) {
      throw exchange.endedException();
    }
    return parts;
  }

  /** Asks the container's body something, or returns what stands for it after the end. */
  boolean askBody(BooleanSupplier question, boolean otherwise) {
    if (!exchange.enterToRead()) {
      return otherwise;
    }
    try {
      return question.getAsBoolean();
    } finally {
      exchange.exitRead();
    }
  }

  /**
   * Asks the container for parameters, for which it may read the body.
   *
   * @param remembered the parameters, as far as they are known after the end
   * @throws IllegalStateException if they are in a body that cannot be read any more, as Servlet
   *     6.1 has it
   */
  <T extends @Nullable Object> T readParameters(
      Supplier<? extends T> question, Function<Map<String, String[]>, ? extends T> remembered) {
    if (exchange.enterToRead()) {
      try {
        return question.get();
      } finally {
        exchange.exitRead();
      }
    }
    Map<String, String[]> known = exchange.remembered().parameters();
    if (known == null) {
      throw new IllegalStateException(
          "The parameters were not read before the exchange ended", exchange.endedException());
    }
    return remembered.apply(known);
  }

  /**
   * Sends a part of the body. A failure is the container's own, and shows the departure; after the
   * end it fails as on the container, without reaching it.
   */
  void send(IoCall call) throws IOException {
    if (!isSent(call)) {
      refuse();
    }
  }

  /**
   * Sees what the failure of a write of a synchronous request says of the client. Nobody else may
   * tell: a servlet that catches it returns before anybody looks.
   *
   * @return the failure
   */
  IOException ofWrite(IOException failure) {
    exchange.failedOnWrite(failure);
    return failure;
  }

  /** As {@link #send}, for what nobody could do anything about after the end: it does nothing. */
  void sendOrDrop(IoCall call) throws IOException {
    boolean unused = isSent(call);
  }

  /** As {@link #send}; returns false if it did not go in. */
  boolean isSent(IoCall call) throws IOException {
    IOException failure = null;
    Lock lock = acquire(exchange.writeLock());
    boolean inside = false;
    try {
      inside = exchange.enterToSend();
      if (inside) {
        call.run();
      }
    } catch (IOException e) {
      failure = e;
      throw e;
    } finally {
      leave(lock, inside);
      if (failure != null && ConnectionFailures.callShowsDeparture(failure, exchange.quirks())) {
        exchange.lostOnWrite(failure);
      } else if (failure != null) {
        exchange.limitedOnWrite(failure);
      }
    }
    if (inside) {
      exchange.written();
    }
    return inside;
  }

  /** As {@link #send}, for calls that hide failures. */
  void sendQuietly(Runnable call) {
    Lock lock = acquire(exchange.writeLock());
    boolean inside = false;
    try {
      inside = exchange.enterToSend();
      if (inside) {
        call.run();
      }
    } finally {
      leave(lock, inside);
    }
  }

  /**
   * Asks a writer, which flushes, whether it has failed. It keeps its exceptions to itself; why it
   * has failed its connection may show.
   *
   * @return true after the end as well
   */
  boolean hasFailed(BooleanSupplier question) {
    Lock lock = acquire(exchange.writeLock());
    boolean inside = false;
    boolean failed = true;
    try {
      inside = exchange.enterToSend();
      if (inside) {
        failed = question.getAsBoolean();
      }
    } finally {
      leave(lock, inside);
    }
    if (inside && failed) {
      exchange.failedOnPrint();
    }
    return failed;
  }

  /** Fails what was to be sent after the end, unless the application wants it dropped. */
  void refuse() throws IOException {
    if (exchange.failsLateWrites()) {
      throw exchange.endedException();
    }
  }

  private static @Nullable Lock acquire(@Nullable Lock lock) {
    if (lock == null || lock.tryLock()) {
      return lock;
    }
    try {
      return lock.tryLock(LOCK_MILLIS, TimeUnit.MILLISECONDS) ? lock : null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
