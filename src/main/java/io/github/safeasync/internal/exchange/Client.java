package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.detect.HangUpListener;
import io.github.safeasync.internal.detect.HangUpWatch;
import io.github.safeasync.internal.guard.RequestBody;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The client of an exchange, from the first question for it or the first cycle on: it is watched,
 * its departure is noticed, and the work for it goes with it. Thread-safe; none waits.
 *
 * <p>While the request is synchronous a departure is no end that anybody but who has asked would
 * hear of: the servlet goes on. What becomes asynchronous later ends at once.
 */
final class Client implements HangUpListener {

  /** The exchange, as it matters to its client. */
  interface Served extends CurrentExchange.Work {

    /** Whether it has become asynchronous. */
    boolean isStarted();

    /** Whether the end has not been decided. */
    boolean isLive();

    /** Whether the filter has returned, and the request was synchronous. */
    boolean isAnswered();

    Duration age();

    /** Ends it, for a thread that must not wait for a container. */
    void endElsewhere(End decided);
  }

  private static final AtomicReferenceFieldUpdater<Client, Cancellation> CANCELLATION =
      AtomicReferenceFieldUpdater.newUpdater(Client.class, Cancellation.class, "cancellation");

  private static final AtomicReferenceFieldUpdater<Client, HangUpWatch> WATCH =
      AtomicReferenceFieldUpdater.newUpdater(Client.class, HangUpWatch.class, "watch");

  private final Served exchange;
  private final FilterScope scope;
  private final Lifecycle lifecycle;
  private final ContainerObjects container;
  private final RequestBody body;
  private final Observation observation;

  private volatile @Nullable HangUpWatch watch;

  /** The work that goes with it, once somebody has asked for the token. */
  private volatile @Nullable Cancellation cancellation;

  private volatile @Nullable CancelPolicy ownPolicy;

  /** The end that the exchange has if it becomes asynchronous: the client has left. */
  private volatile @Nullable End leftBefore;

  /** System.nanoTime() of the first moment at which the watcher could see that; 0 if it did not. */
  private volatile long leftSince;

  /** Whether that was said in the log, when it was synchronous. */
  private volatile boolean leftSaid;

  /**
   * Makes that of an exchange.
   *
   * @param trace what its request is traced by; null if by nothing
   */
  Client(
      Served exchange,
      FilterScope scope,
      Lifecycle lifecycle,
      ContainerObjects container,
      RequestBody body,
      @Nullable Consumer<Departure> trace) {
    this.exchange = exchange;
    this.scope = scope;
    this.lifecycle = lifecycle;
    this.container = container;
    this.body = body;
    this.observation = new Observation(exchange, scope, lifecycle, container, trace);
  }

  Observation observation() {
    return observation;
  }

  // Its work.

  /** The request's own policy takes the place of the filter's; null gives that its place back. */
  void policy(@Nullable CancelPolicy own) {
    ownPolicy = own;
    Cancellation made = cancellation;
    if (made != null) {
      made.policy(policy());
    }
  }

  private CancelPolicy policy() {
    CancelPolicy own = ownPolicy;
    return own == null ? scope.cancelSettings().policy() : own;
  }

  Cancellation token() {
    Cancellation made = cancellation;
    return made == null ? tokenMade() : made;
  }

  private Cancellation tokenMade() {
    Cancellation made =
        new Cancellation(
            scope,
            scope.cancelSettings().withPolicy(policy()),
            container.method(),
            exchange,
            watching());
    if (CANCELLATION.compareAndSet(this, null, made)) {
      made.policy(policy());
      End meanwhile = lifecycle.decidedEnd();
      if (meanwhile != null) {
        boolean unused = endWork(meanwhile);
        tellOfWork(meanwhile);
      }
    }
    return Objects.requireNonNull(cancellation);
  }

  /**
   * Cancels what is bound, if this end does.
   *
   * @return whether it is the first that whoever has asked for the token hears of
   */
  private boolean endWork(End decided) {
    Cancellation made = cancellation;
    return made != null && made.ended(decided);
  }

  /** Tells whoever has asked for the token alone; once the end is counted. */
  private void tellOfWork(End decided) {
    Cancellation made = cancellation;
    if (made != null && exchange.response() == null && made.isAwaited(decided)) {
      scope.callBack(exchange, () -> made.tell(decided));
    }
  }

  /** Returns what becomes of its work, for the log; once the end is decided. */
  String fateOfWork() {
    Cancellation made = cancellation;
    return made == null ? "no work is bound" : made.fate();
  }

  /**
   * What leaves the filter in place of an exception: once its work was cancelled with the client,
   * that is none of the application's, and the container knows one for a lost client.
   */
  Exception leaving(Exception thrown) {
    Cancellation made = cancellation;
    Departure departure = made == null ? null : made.departure();
    if (departure == null) {
      return thrown;
    }
    ClientDisconnectedException lost = new ClientDisconnectedException(departure, thrown);
    Connection known = container.connectionOfAny();
    return known == null ? lost : known.quirks().ofLostClient(lost, lost);
  }

  // How it is watched.

  /**
   * What begins to watch the client of a request that is synchronous; null if it is not, or the
   * calling thread is another than the container's, the only one that can reach its connection.
   */
  private @Nullable Runnable watching() {
    HttpServletRequest request = container.request();
    if (request == null || exchange.isStarted() || !lifecycle.isServlet()) {
      return null;
    }
    Connection known = Objects.requireNonNull(container.connectionOfAny());
    body.announced(request);
    return () -> watch(known);
  }

  /** Watches the connection, from the first cycle to the end. */
  void watch() {
    Connection connection = container.connection();
    HttpServletRequest request = container.request();
    if (connection != null && request != null && watch == null) {
      body.announced(request);
      watch(connection);
    }
  }

  /** As {@link #watch()}, of a synchronous request, from the first question for its client on. */
  private void watch(Connection connection) {
    if (watch != null) {
      return;
    }
    observation.named(connection);
    observation.opened();
    HangUpWatch started = scope.watch(connection, this);
    if (!WATCH.compareAndSet(this, null, started)) {
      started.release();
      return;
    }
    if (body.isWhole()) {
      started.bodyRead();
    }
    if (!exchange.isLive() || exchange.isAnswered()) {
      started.release();
    }
  }

  /** The application has met the end of the request's body. */
  void bodyRead() {
    HangUpWatch now = watch;
    if (now != null) {
      now.bodyRead();
    }
  }

  /** Bytes have been given to the container for it. */
  void written() {
    HangUpWatch now = watch;
    if (now != null) {
      now.written();
    }
  }

  /** Returns how a hang-up would be noticed. */
  Detection detection() {
    HangUpWatch now = watch;
    return now == null ? Detection.ON_WRITE : now.detection();
  }

  private void release() {
    HangUpWatch watched = watch;
    if (watched != null) {
      watched.release();
    }
  }

  // How it leaves.

  /** What becomes asynchronous meanwhile looks for this when it has. */
  @Override
  public void gone(Departure departure, long since) {
    leftSince = since;
    left(End.disconnected(departure, exchange.age(), null));
  }

  /** A write of the application failed, which has the container's exception and no lock now. */
  void lostOnWrite(Throwable failure) {
    lost(Evidence.WRITE_FAILED, "a failing write", failure);
  }

  /** A write of a synchronous request failed, with no lock. */
  void failedOnWrite(IOException failure) {
    if (ConnectionFailures.callShowsDeparture(failure, container.quirksOfAny())) {
      lostOnWrite(failure);
    }
  }

  /** A writer of the application has failed, of which its container's does not say why. */
  void failedOnPrint() {
    if (container.isStreamGone()) {
      lost(Evidence.WRITE_FAILED, "a writer that has failed", null);
    }
  }

  /** A read of the body failed, which has the container's exception and no lock now. */
  void failedOnRead(Throwable failure) {
    Evidence evidence = evidenceOfRead(failure);
    if (evidence != null) {
      lost(evidence, "a failing read", failure);
    }
  }

  /** Null where the client may be there. */
  private @Nullable Evidence evidenceOfRead(Throwable failure) {
    boolean reset = ConnectionFailures.showReset(failure);
    boolean over = reset || ConnectionFailures.showEnd(failure);
    if (container.isHttp2()) {
      // Of a stream that was reset Jetty may say no more than that its body was not consumed.
      return over || container.isStreamGone() ? container.departure().evidence() : null;
    }
    boolean ends = scope.config().halfClose() == HalfClose.DISCONNECT;
    return reset ? Evidence.RST : over && ends ? Evidence.FIN : null;
  }

  private void lost(Evidence evidence, String noticedBy, @Nullable Throwable failure) {
    left(End.disconnected(Departure.now(evidence, noticedBy), exchange.age(), failure));
  }

  private void left(End left) {
    leftBefore = left;
    if (exchange.isStarted()) {
      exchange.endElsewhere(left);
    } else {
      leftWhileSynchronous(left);
    }
  }

  private void leftWhileSynchronous(End left) {
    if (exchange.isAnswered()) {
      return;
    }
    // Before the servlet, whose work this ends, goes on and makes the request asynchronous.
    leftSaid = true;
    if (endWork(left)) {
      count(left, 0);
      Log.disconnected(observation.subject(), left, this::fateOfWork);
    }
    tellOfWork(left);
  }

  /** A cycle has begun: it ends at once if the client has left before. */
  void begun() {
    End left = leftBefore;
    if (left != null && exchange.isLive()) {
      exchange.endElsewhere(left);
    }
  }

  /** The container has refused to begin a cycle: what came meanwhile is told as before. */
  void notBegun() {
    End left = leftBefore;
    if (left != null && !exchange.isStarted()) {
      leftWhileSynchronous(left);
    }
  }

  // The end.

  /**
   * The end is decided.
   *
   * @param sent how many bytes were handed over
   */
  void ended(End decided, long sent) {
    release();
    count(decided, sent);
    boolean unused = endWork(decided);
    tellOfWork(decided);
    if (decided.kind() == End.Kind.DISCONNECTED && !leftSaid) {
      Log.disconnected(observation.subject(), decided, this::fateOfWork);
    }
  }

  /**
   * The filter has returned from a synchronous request. Nothing of it may be cancelled any more:
   * the connection is kept, and serves another request.
   */
  void answered(End returned) {
    Cancellation made = cancellation;
    if (made == null) {
      return;
    }
    End left = leftBefore;
    if (left != null) {
      container.tellLogs(left, made.isCancelled());
    }
    release();
    boolean first = made.answered(returned);
    if (observation.isOpen()) {
      count(made.decided(), 0);
    }
    if (first && made.isAwaited(returned)) {
      scope.callBack(exchange, () -> made.tell(returned));
    }
  }

  private void count(End decided, long sent) {
    boolean noticed = decided == leftBefore && leftSince != 0;
    observation.ended(decided, noticed ? Math.max(0, System.nanoTime() - leftSince) : -1, sent);
  }
}
