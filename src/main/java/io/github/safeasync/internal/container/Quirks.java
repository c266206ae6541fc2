package io.github.safeasync.internal.container;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * What is peculiar to a container in writing and ending the response of one request.
 *
 * <p>There are no defaults: whoever stands in front of a connection implements all of it, or passes
 * it on whole. Nothing in here throws. Thread-safe; to be dropped with the {@link Connection}.
 */
public interface Quirks {

  /**
   * The lock that has to be held around a write from an application thread, null where none has to.
   * Tomcat only (HTTP/1.1): a failing write on an application thread can otherwise poison a pooled
   * processor and so another connection's request.
   *
   * <p>Tomcat itself holds it while one of its threads is inside service() or a listener: taking it
   * waits for that, and no other lock may be held meanwhile.
   */
  @Nullable Lock writeLock();

  /**
   * Runs tasks on the thread that a response must be streamed on, at once if called there; null
   * where any thread may. Undertow and Vert.x only.
   */
  @Nullable Executor streamThread();

  /**
   * Whether the calling thread is the one that reads from and writes to this connection and others,
   * so that whoever has it wait holds them all up. Undertow only.
   */
  boolean isNetworkThread();

  /**
   * Whether the container has closed the connection, or is about to, as a time limit of its own was
   * over: the client may be there still. False where the container says so by its exception.
   * Undertow only.
   */
  boolean isTimedOut();

  /**
   * Whether the stream was reset, or its connection closed, of which the container may say that a
   * time limit of its own was over, or the response sent. Tomcat's HTTP/2, and Vert.x.
   */
  boolean isStreamReset();

  /**
   * Whether the container logs an ERROR where it is completed between setWriteListener and the
   * first call of the listener. Undertow only.
   */
  boolean awaitsWriteListener();

  /**
   * Whether a response that was streamed must be flushed, and ready once more, before it is
   * completed, as the container may otherwise keep its end for ever. Tomcat's HTTP/2 only.
   */
  boolean needsFlushBeforeEnd();

  /**
   * Whether the container never calls the WriteListener of a response to HEAD, and may never send
   * one that was not flushed. Tomcat's HTTP/2 only.
   */
  boolean losesHeadResponses();

  /**
   * Whether the container keeps a part of what was flushed until something else is written. On the
   * {@link #streamThread} only. Undertow's TLS only.
   */
  boolean holdsBack();

  /**
   * Has the stream's WriteListener called once more as soon as the client takes anything. On the
   * {@link #streamThread} only. Undertow only.
   *
   * @return false if there is no way
   */
  boolean resumeWrites(ServletOutputStream stream);

  /**
   * Whether what the container still does with a request after its last dispatch, its error page
   * and the completion that it tells, is done on the dispatch's own thread, before that serves
   * another request. Tomcat and Undertow, which hand out there what a filter has wrapped or look at
   * what a listener has left.
   */
  boolean completesOnDispatchThread();

  /**
   * Whether the container waits for a timeout of the request's: for ever, where its timer has told
   * it of that before it listened. Jetty only.
   */
  boolean isTimeoutPending();

  /** Tells the container of the timeout once more, as its timer does. By who is inside. */
  void timeOut();

  /**
   * Whether the container clears a request as its servlet returns, where a write of another thread
   * has failed meanwhile, and may do so before it tells AsyncListeners of that. Undertow only.
   */
  boolean clearsOnReturn();

  /**
   * Whether the container has sent all of the response, so that there is nothing to cut off. False
   * where it cannot tell.
   */
  boolean isResponseComplete();

  /**
   * Whether the container has ended the request without being asked by whoever completes it, or has
   * given its objects to another request: nothing of it may be touched any more. False where it
   * cannot tell.
   */
  boolean isOver();

  /**
   * Returns what shall leave the application in the place of an exception that comes of a client
   * that has gone, so that the container takes it for that, as it takes its own, and logs no more
   * than it would of that.
   *
   * @param thrown what the application has thrown
   * @param said the library's own exception: that itself, or among its causes
   */
  Exception ofLostClient(Exception thrown, IOException said);

  /**
   * Whether what the container has given for the end of the request's body is none, as the client
   * left before it. False where the container says so by itself, or nobody can tell.
   *
   * @param received how many bytes of the body have been read, at most
   */
  boolean isBodyCut(long received);

  /**
   * Whether all of the request's body was given to who reads it, so that the client's departure
   * takes nothing away. To be asked after each read: once the client has gone the container does
   * not know any more. False where that need not be known. Jetty's HTTP/2 only.
   */
  boolean isBodyGiven();

  /**
   * Whether the container has given up the request's body before its end, on another thread than
   * the one that reads it and with what that is reading: after a read, whether what that has given
   * may be something else. Undertow's HTTP/2 only.
   */
  boolean isBodyLost();

  /**
   * Whether all of the request's body has been read, be it by somebody in front of the library.
   * False where nobody can tell.
   *
   * @param announced how many bytes that is
   */
  boolean isBodyRead(long announced);

  /**
   * The lock under which a response on HTTP/2 is closed: a container that tells of a completion
   * while it holds a monitor that complete() takes must not wait for a thread that is in there. A
   * streamed one that its client has reset is aborted under it, as to complete that may close the
   * connection with all its streams. Null where none has to be held. Tomcat only.
   */
  @Nullable Lock streamCloseLock();

  /**
   * Whether the servlet has thrown an UnavailableException that the container keeps to itself, and
   * whose status it has set: it completes nothing that was started. On the servlet's thread.
   * Undertow only.
   */
  boolean isUnavailable();

  /**
   * Returns how many bytes of a response's head the container takes: more it finds out when it
   * sends it, and tells whoever does that. {@link Integer#MAX_VALUE} where there is no limit.
   */
  int headLimit();

  /**
   * Whether the page of an answer of this status may be made by code of the application, which has
   * no business on the {@link #streamThread}. Undertow only.
   */
  boolean hasErrorPage(int status);

  /** Whether sendError of this status is no answer, but cuts the response off. Jetty only. */
  boolean isAbort(int status);

  /**
   * Has every thread that waits for the client inside a write come out with an exception: of the
   * connection (HTTP/1.1) or the stream (HTTP/2) nothing can be sent any more. Its end, by {@link
   * #abort} or completion, is still to come, and touches the container's objects once the writers
   * are out. May wait for a container's lock of the connection.
   */
  void failWrites();

  /**
   * Ends the connection (HTTP/1.1) or the stream (HTTP/2) so that the client sees a truncated
   * response, and ends the exchange in the container. To be called with no lock held and no other
   * container call of the exchange in flight; afterwards the container must not be touched. May
   * wait for a container thread that is inside service(), see {@link #writeLock()}.
   *
   * <p>For the exceptional case: containers count the resets of one HTTP/2 connection, their own as
   * well, and close it when they look like an attack. A dozen in a row can be enough.
   *
   * @param complete completes the AsyncContext. Called at most once, on this thread, at the moment
   *     the container needs it; not at all where the abort ends the exchange by itself. What it
   *     throws is passed on.
   * @return false if there was no way, or the exchange has ended: nothing has been done and {@code
   *     complete} was not called
   */
  boolean abort(Runnable complete);

  /**
   * As {@link #abort}, of a response whose client has gone: that is no failure of the container's,
   * and what it has been told of its status stays.
   */
  boolean leave(Runnable complete);

  /**
   * Has the kernel told soon of what {@link #abort} has closed, where that would wait for up to a
   * second for the next look of the container's selector. For a moment after the abort, when the
   * container's thread has closed the channel; never waits. Tomcat only.
   */
  void hastenClose();
}
