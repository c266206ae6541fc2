package io.github.safeasync.internal.detect;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Everything the watcher's thread holds while it is on duty; freed when it leaves. */
final class WatchLoop implements AutoCloseable {

  private static final Logger LOGGER = System.getLogger(WatchLoop.class.getPackageName());

  private static final int ARM_TRIES = 3;

  final Consumer<SelectionKey> onReady = this::ready;
  private final Selector selector;
  private final Mechanisms mechanisms;
  private final Mailbox mailbox;
  private final Roster roster;
  private final Consumer<Throwable> survived;
  private final PollFlags flags;
  private final @Nullable SocketTable table;
  private final Inspector inspector;
  private final Suspects suspects;
  private final SelectorRegistrations registrations;
  private final StreamPoll streams = new StreamPoll(System::nanoTime);
  private final QuickAckSurvey quickAcks = new QuickAckSurvey();

  private WatchLoop(
      Selector selector,
      Mechanisms mechanisms,
      Mailbox mailbox,
      Roster roster,
      Consumer<Throwable> survived)
      throws IOException {
    this.selector = selector;
    this.mechanisms = mechanisms;
    this.mailbox = mailbox;
    this.roster = roster;
    this.survived = survived;
    this.flags = new PollFlags();
    this.table =
        switch (mechanisms.table()) {
          case SOCK_DIAG -> sockDiagOrProc();
          case PROC -> SocketTables.proc(this::meanwhile);
          case NONE -> null;
        };
    SegmentGate gate = mechanisms.gate() ? new SegmentGate(SocketTables.PROC_NET) : null;
    this.inspector = new Inspector(flags, mechanisms, table, gate);
    this.suspects = new Suspects(inspector, this::carryOut);
    this.registrations = new SelectorRegistrations(selector, suspects, onReady);
  }

  /**
   * Opens one, which watches what is in the roster already.
   *
   * @param survived is told what was thrown and made good
   */
  static WatchLoop open(
      Selector selector,
      Mechanisms mechanisms,
      Mailbox mailbox,
      Roster roster,
      Consumer<Throwable> survived)
      throws IOException {
    WatchLoop opened = new WatchLoop(selector, mechanisms, mailbox, roster, survived);
    opened.takeOver();
    return opened;
  }

  /** Watches what another one has watched, which has failed. */
  private void takeOver() {
    long now = System.nanoTime();
    ExchangeWatch next;
    for (ExchangeWatch watch = roster.first(); watch != null; watch = next) {
      next = watch.after;
      watch.watched = null;
      watch.nextOnConnection = null;
      watch.withdraw();
      watch.streamOpen = null;
      watch.streamIndex = -1;
      watch.streamSuspected = false;
      takeOver(watch, now);
    }
  }

  private void takeOver(ExchangeWatch watch, long now) {
    Detection how = Detection.ON_WRITE;
    try {
      how = watch.state() == WatchState.ARMED ? promised(watch, attach(watch, now)) : how;
    } catch (Throwable failure) {
      survived.accept(failure);
    }
    watch.rearm(how);
    if (watch.watched == null && watch.streamOpen == null) {
      roster.remove(watch);
    }
  }

  /** What worked once may be refused now, for want of descriptors say. */
  private SocketTable sockDiagOrProc() {
    try {
      return SocketTables.sockDiag();
    } catch (UnsupportedOperationException e) {
      LOGGER.log(Level.INFO, "sock_diag is left out: " + e.getMessage());
      return SocketTables.proc(this::meanwhile);
    }
  }

  /** The grace period is over. */
  void arm(ExchangeWatch watch, long now) {
    try {
      Detection how = attach(watch, now);
      if (how == Detection.ON_WRITE) {
        watch.giveUp();
      } else {
        roster.add(watch);
        if (!watch.arm(promised(watch, how))) {
          detach(watch);
        } else if (mechanisms.quickAcks() && mayHide(watch.watched)) {
          quickAcks.add(watch, now);
        }
      }
    } catch (RuntimeException | LinkageError e) {
      // From a connection's supplier, which ran while its exchange may have been ending.
      LOGGER.log(Level.DEBUG, () -> "A connection cannot be reached: " + e);
      detach(watch);
      watch.giveUp();
    } catch (Throwable e) {
      armLater(watch, e);
    }
  }

  /** For want of memory, say: it is tried again, and never given up without a word. */
  private void armLater(ExchangeWatch watch, Throwable failure) {
    boolean later = false;
    try {
      survived.accept(failure);
      detach(watch);
      later = ++watch.tries < ARM_TRIES && watch.queue.pending.offer(watch);
    } finally {
      if (!later) {
        watch.giveUp();
      }
    }
  }

  /** TLS says goodbye in bytes that nobody reads; without a table they hide the FIN behind them. */
  private Detection promised(ExchangeWatch watch, Detection how) {
    WatchedConnection watched = watch.watched;
    boolean mayHide = table == null && watched != null && watched.secure && how == Detection.PUSH;
    return mayHide ? Detection.ON_WRITE : how;
  }

  /** Whether its end may be hidden by unread bytes that are not the client's. */
  private static boolean mayHide(@Nullable WatchedConnection watched) {
    return watched != null && watched.secure && !watched.multiplexed;
  }

  private Detection attach(ExchangeWatch watch, long now) {
    Origin origin = watch.origin();
    if (origin instanceof Origin.Addresses known) {
      return attachPolled(watch, Endpoints.of(known.local(), known.remote()), now);
    }
    Connection connection =
        origin instanceof Origin.Reached reached
            ? reached.connection()
            : origin instanceof Origin.Reachable reachable ? reachable.connection().get() : null;
    if (connection == null) {
      return Detection.ON_WRITE;
    }
    Detection how;
    SocketChannel channel = connection.channel();
    if (channel != null) {
      how = attachChannel(watch, connection, channel, now);
    } else {
      how = attachPolled(watch, Endpoints.of(connection.local(), connection.peer()), now);
    }
    BooleanSupplier streamOpen = connection.streamOpen();
    if (streamOpen != null && watch.queue.uses(Layer.STREAM_POLLING)) {
      streams.add(watch, streamOpen, now);
      watch.untold = connection.onReset(watch::streamReset);
      how = how == Detection.ON_WRITE ? Detection.POLL : how;
    }
    return how;
  }

  private Detection attachChannel(
      ExchangeWatch watch, Connection connection, SocketChannel channel, long now) {
    if (mechanisms.selector() && watch.queue.uses(Layer.SELECTOR)) {
      WatchedConnection watched = registrations.ofChannel(connection, channel);
      if (watched != null) {
        watched.add(watch);
        if (watch.queue.keepAlive() != null) {
          registrations.keepAlive(watched, watch.queue.keepAlive());
        }
        if (watched.state != ConnectionState.QUIET) {
          suspects.lookAt(watched, now);
        }
        return Detection.PUSH;
      }
    }
    try {
      return attachPolled(
          watch, Endpoints.of(channel.getLocalAddress(), channel.getRemoteAddress()), now);
    } catch (IOException e) {
      return Detection.ON_WRITE;
    }
  }

  private Detection attachPolled(ExchangeWatch watch, @Nullable Endpoints endpoints, long now) {
    if (table == null || !watch.queue.uses(Layer.TABLE_POLLING)) {
      return Detection.ON_WRITE;
    }
    WatchedConnection watched = registrations.ofEndpoints(endpoints, now);
    if (watched == null) {
      return Detection.ON_WRITE;
    }
    watched.add(watch);
    return Detection.POLL;
  }

  void takeReleased() {
    mailbox.takeReleased(this::detach);
  }

  private void detach(ExchangeWatch watch) {
    roster.remove(watch);
    streams.remove(watch);
    registrations.detach(watch);
  }

  /**
   * It was written to: what was a FIN only may soon be answered by a reset. Or its stream was
   * reset.
   */
  void lookClosely(ExchangeWatch watch) {
    if (watch.resetAt() != 0) {
      streams.told(watch);
      return;
    }
    WatchedConnection watched = watch.watched;
    if (watched != null && watched.state == ConnectionState.HALF_CLOSED) {
      watched.looks = 0;
      suspects.lookAt(watched, System.nanoTime());
    }
  }

  void look() throws IOException {
    roster.handOverAgain(System.nanoTime());
    for (ExchangeWatch watch : streams.run(System.nanoTime())) {
      watch.since = watch.resetAt() == 0 ? streams.seenOpenAt() : watch.resetAt();
      try {
        tell(watch, isLost(watch) ? Evidence.CONNECTION_LOST : Evidence.HTTP2_RESET, "stream");
      } catch (Throwable failure) {
        watch.streamSuspected = false;
        survived.accept(failure);
      }
    }
    suspects.run(System.nanoTime());
    quickAcks.run(System.nanoTime());
  }

  private static boolean isLost(ExchangeWatch watch) {
    WatchedConnection watched = watch.watched;
    return (watched != null && watched.isClosedHere())
        || (watch.origin() instanceof Origin.Reached reached && reached.connection().isLost());
  }

  /** Within a long scan: neither a release nor the container's closing has to wait for its end. */
  private void meanwhile() {
    if (mailbox.hasReleased()) {
      takeReleased();
      try {
        selector.selectNow(onReady);
      } catch (IOException e) {
        // The watcher's own selection will meet it too, and say so.
        return;
      }
    }
  }

  /** When to look again, or that time if there is nothing to be looked at. */
  long nextLook(long otherwise) {
    long next = roster.nextTry(otherwise);
    if (!suspects.isEmpty() && suspects.nextAt() - next < 0) {
      next = suspects.nextAt();
    }
    if (!streams.isEmpty() && streams.nextAt() - next < 0) {
      next = streams.nextAt();
    }
    return quickAcks.nextAt(next);
  }

  private void ready(SelectionKey key) {
    if (key.isValid() && key.attachment() instanceof WatchedConnection watched) {
      registrations.suspect(watched, System.nanoTime());
    }
  }

  /** What fails is done again, and keeps none of the others from being looked at. */
  private void carryOut(WatchedConnection watched, Verdict verdict, long now) {
    try {
      act(watched, verdict, now);
    } catch (Throwable failure) {
      if (watched.state != ConnectionState.DROPPED) {
        suspects.lookAt(watched, now + Suspects.AGAIN_NANOS);
      }
      survived.accept(failure);
    }
  }

  private void act(WatchedConnection watched, Verdict verdict, long now) {
    ExchangeWatch watch = watched.firstWatch();
    if (watch == null) {
      // What was to be watched on it could not be attached.
      registrations.drop(watched);
      return;
    }
    if (watched.isPolled()) {
      watch.polled(watched.isInTable());
    }
    switch (verdict) {
      case OPEN -> {
        if (watched.hollowLooks == 0 && !watched.isMissed()) {
          watched.signAt = now;
        }
        boolean unread = (watched.flags & PollFlags.READABLE) != 0;
        if (watched.isPolled() || unread || watched.state != ConnectionState.SUSPECT) {
          suspects.lookAgain(watched, now);
        } else {
          watched.looks++;
          registrations.calm(watched);
        }
      }
      case FIN, SEEMS_ENDED -> halfClosed(watched, verdict, now);
      case RESET -> tellAll(watched, ofReset(watched, now), inspector.basis(watched, verdict));
      case ENDED -> tellAll(watched, Evidence.CONNECTION_LOST, inspector.basis(watched, verdict));
      case CLOSED_HERE -> abandon(watched);
    }
  }

  /** A connection that keepalive has ended looks as one that was reset. */
  private static Evidence ofReset(WatchedConnection watched, long now) {
    return watched.mayBeGivenUp(now) ? Evidence.CONNECTION_LOST : Evidence.RST;
  }

  private void halfClosed(WatchedConnection watched, Verdict verdict, long now) {
    if (watched.state != ConnectionState.HALF_CLOSED) {
      watched.state = ConnectionState.HALF_CLOSED;
      watched.looks = 0;
    }
    Evidence evidence = verdict == Verdict.FIN ? Evidence.FIN : Evidence.CONNECTION_LOST;
    String basis = inspector.basis(watched, verdict);
    ExchangeWatch next;
    for (ExchangeWatch each = watched.firstWatch(); each != null; each = next) {
      next = each.nextOnConnection;
      if (each.queue.halfClose() == HalfClose.DISCONNECT) {
        tell(each, evidence, basis);
      } else {
        each.suspected = each.queue.halfClose() == HalfClose.CONFIRM_ON_WRITE;
      }
    }
    if (watched.state != ConnectionState.DROPPED) {
      watched.signAt = now;
      suspects.lookAgain(watched, now);
    }
  }

  private void tellAll(WatchedConnection watched, Evidence evidence, String basis) {
    ExchangeWatch watch;
    while ((watch = watched.firstWatch()) != null) {
      tell(watch, evidence, basis);
    }
  }

  private void tell(ExchangeWatch watch, Evidence evidence, String basis) {
    Departure departure = new Departure(evidence, Instant.now(), basis);
    WatchedConnection watched = watch.watched;
    if (watch.since == 0 && watched != null) {
      watch.since = watched.signAt;
    }
    try {
      detach(watch);
    } finally {
      roster.handOver(watch, departure);
    }
  }

  /** The container has closed it: that is no departure, and whoever did so knows. */
  private void abandon(WatchedConnection watched) {
    ExchangeWatch watch;
    while ((watch = watched.firstWatch()) != null) {
      watched.remove(watch);
      watch.unwatched();
    }
    registrations.drop(watched);
  }

  /** Ends the watches of a closed detector. */
  void forget(WatchQueue queue) {
    ExchangeWatch next;
    for (ExchangeWatch watch = roster.first(); watch != null; watch = next) {
      next = watch.after;
      if (watch.queue == queue) {
        watch.release();
        detach(watch);
      }
    }
  }

  @Override
  public void close() {
    try {
      for (ExchangeWatch watch = roster.first(); watch != null; watch = watch.after) {
        if (watch.watched != null) {
          registrations.restore(watch.watched);
        }
      }
    } finally {
      flags.close();
      if (table != null) {
        table.close();
      }
    }
  }
}
