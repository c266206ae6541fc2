package io.github.safeasync.internal.guard;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.internal.container.Quirks;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The exchange as its guards see it: the ways into the container, which count who is inside and are
 * closed after the end; what is known after that; and what the guards tell it. Thread-safe; no
 * method waits unless it says so.
 */
public interface ExchangeAccess {

  /** A callback of the application's. */
  @FunctionalInterface
  interface IoCallback {
    void run() throws IOException;
  }

  /**
   * The attribute that ties a guarded request to its exchange, and the container's own once that is
   * asynchronous; no application sees it.
   */
  String ATTRIBUTE = "io.github.safeasync.exchange";

  // The ways in. Whoever got true comes out again by the exit of the same name.

  /** Whether calls need not be counted, as the request is synchronous. */
  boolean isFree();

  /** Goes in to change something, which nobody may after the end. */
  boolean enter();

  /** Goes in to ask something, which those may who are told of the end. */
  boolean enterToAsk();

  /** Goes in to send a part of the body, which may wait for the client. */
  boolean enterToSend();

  /** Goes in to read the body, of which there may be more behind the end. */
  boolean enterToRead();

  /** Goes into a callback of the application, which may ask the container. */
  boolean enterCallback();

  /**
   * As {@link #enterCallback}; waits a moment for another thread that tells of the end, unless
   * {@link #isNetworkThread}.
   */
  boolean enterCallbackOnceTold();

  /** Comes out, and does what waited for the last one to come out. */
  void exit();

  /** As {@link #exit}, of a read. */
  void exitRead();

  /** As {@link #exit}, of a callback. */
  void exitCallback();

  /** Whether a call that may wait for something else than the client may go in, not counted. */
  boolean mayWait();

  /** The lock to hold around a write; null where none has to be. */
  @Nullable Lock writeLock();

  // What is known.

  /** Whether the end has not been decided. */
  boolean isLive();

  boolean isDisconnected();

  /** Whether the calling thread is the container's, and runs listeners before it goes back. */
  boolean isInListener();

  /** Whether the calling thread is the container's, telling of an event. */
  boolean isTelling();

  /** Whether the last dispatch came after the end, on closed guards. */
  boolean isDispatchedLate();

  /** Whether connections of others wait for the calling thread. */
  boolean isNetworkThread();

  /** Whether what is sent after the end fails, or is dropped. */
  boolean failsLateWrites();

  /** What was known of the request at the end; waits for the thread that is looking. */
  RequestSnapshot remembered();

  /** What reads and writes of the body fail with from now on. */
  IOException endedException();

  RequestBody body();

  /** What is peculiar to the container; null if it is not known, or forgotten. */
  @Nullable Quirks quirks();

  /** As {@link #quirks}, of a synchronous request as well, which is looked at; while it is read. */
  @Nullable Quirks quirksOfAny();

  // The asynchronous cycle.

  /** The application's startAsync; the arguments are null in the form that has none. */
  @Nullable AsyncContext startAsync(
      Supplier<AsyncContext> container,
      @Nullable ServletRequest request,
      @Nullable ServletResponse own);

  /** The application's getAsyncContext; null if the container's is, as with a mock. */
  @Nullable AsyncContext asyncContext(Supplier<AsyncContext> container);

  // What the guards tell.

  /** Bytes have been given to the container for the client. */
  void written();

  /** A write has failed as writes do whose client has gone. */
  void lostOnWrite(Throwable failure);

  /** A writer has failed, and does not say why: its client may be there. */
  void failedOnPrint();

  /** A write of a synchronous request has failed: see what that says of the client. */
  void failedOnWrite(IOException failure);

  /** A write has failed in another way: its client may be there. */
  void limitedOnWrite(Throwable failure);

  /** A read has failed, of a synchronous request, too: its client may be there. */
  void failedOnRead(Throwable failure);

  /** All of the request's body has been read. */
  void bodyRead();

  /** Nobody needs the request any more, if its end has come. */
  void lingered();

  /** The response has a WriteListener. */
  void streamed();

  /** The container has taken a WriteListener. By a thread that is inside. */
  void listenerSet();

  /** The container has called a WriteListener: an end that waited for that is carried out. */
  void writeListenerCalled();

  /** Keeps a WriteListener, to be told of the hang-up. */
  void listens(GuardedWriteListener listener);

  /** Tells a WriteListener of the end that the container was not given any more. */
  void listensLate(GuardedWriteListener listener);

  /** The container was asked for an error response. */
  void errorSent(int status);

  /** The request's own policy takes the place of the filter's; null gives that its place back. */
  void cancelPolicy(@Nullable CancelPolicy own);

  /** Runs code of the application on a thread of its own. */
  void callBack(Runnable task);

  /** As {@link #callBack}, of a listener's callback, once those that are being told are through. */
  void callBackInTurn(Runnable callback);

  /** Returns what leaves the filter in place of an exception; that itself, in most cases. */
  Exception leaving(Exception thrown);

  /** Returns a task that runs the given one, whose thread works for this exchange meanwhile. */
  Runnable carrying(Runnable task);

  /** Calls the application, on whose thread this exchange is the current one meanwhile. */
  void call(IoCallback callback) throws IOException;

  /** Runs what the application gave to AsyncContext.start, and no container takes any more. */
  void start(Runnable task);
}
