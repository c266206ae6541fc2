package io.github.safeasync.detect;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.container.Connection;
import io.github.safeasync.detect.DetectorSettings.Layer;
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
final class Post implements AutoCloseable {

  private static final Logger LOGGER = System.getLogger(Post.class.getPackageName());

  final Consumer<SelectionKey> onReady = this::ready;
  private final Selector selector;
  private final Mechanisms mechanisms;
  private final Mailbox mailbox;
  private final PollFlags flags;
  private final @Nullable Judge judge;
  private final Looks looks;
  private final Suspects suspects;
  private final Lines lines;
  private final StreamPoll streams = new StreamPoll(System::nanoTime);

  private Post(Selector selector, Mechanisms mechanisms, Mailbox mailbox) throws IOException {
    this.selector = selector;
    this.mechanisms = mechanisms;
    this.mailbox = mailbox;
    this.flags = new PollFlags();
    this.judge =
        switch (mechanisms.judge()) {
          case SOCK_DIAG -> sockDiagOrProc();
          case PROC -> Judges.proc(this::meanwhile);
          case NONE -> null;
        };
    SegmentGate gate = mechanisms.gate() ? new SegmentGate(Judges.PROC_NET) : null;
    this.looks = new Looks(flags, mechanisms, judge, gate);
    this.suspects = new Suspects(looks, this::carryOut);
    this.lines = new Lines(selector, suspects, onReady);
  }

  static Post open(Selector selector, Mechanisms mechanisms, Mailbox mailbox) throws IOException {
    return new Post(selector, mechanisms, mailbox);
  }

  /** What worked once may be refused now, for want of descriptors say. */
  private Judge sockDiagOrProc() {
    try {
      return Judges.sockDiag();
    } catch (UnsupportedOperationException e) {
      LOGGER.log(Level.INFO, "sock_diag is left out: " + e.getMessage());
      return Judges.proc(this::meanwhile);
    }
  }

  /** The grace period is over. */
  void arm(ExchangeWatch watch, long now) {
    try {
      Detection how = attach(watch, now);
      if (how == Detection.ON_WRITE) {
        watch.giveUp();
      } else {
        watch.attached = true;
        watch.detector.armed(+1);
        if (!watch.arm(promised(watch, how))) {
          detach(watch);
        }
      }
    } catch (RuntimeException | LinkageError e) {
      // From a connection's supplier, which ran while its exchange may have been ending.
      LOGGER.log(Level.DEBUG, () -> "A connection cannot be reached: " + e);
      detach(watch);
      watch.giveUp();
    }
  }

  /** TLS says goodbye in bytes that nobody reads; without a table they hide the FIN behind them. */
  private Detection promised(ExchangeWatch watch, Detection how) {
    Line line = watch.line;
    boolean mayHide = judge == null && line != null && line.secure && how == Detection.PUSH;
    return mayHide ? Detection.ON_WRITE : how;
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
    if (streamOpen != null && watch.detector.uses(Layer.STREAM_POLLING)) {
      streams.add(watch, streamOpen, now);
      how = how == Detection.ON_WRITE ? Detection.POLL : how;
    }
    return how;
  }

  private Detection attachChannel(
      ExchangeWatch watch, Connection connection, SocketChannel channel, long now) {
    if (mechanisms.selector() && watch.detector.uses(Layer.SELECTOR)) {
      Line line = lines.ofChannel(connection, channel);
      if (line != null) {
        line.add(watch);
        if (watch.detector.keepAlive() != null) {
          lines.keepAlive(line, watch.detector.keepAlive());
        }
        if (line.state != LineState.QUIET) {
          suspects.lookAt(line, now);
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
    if (judge == null || !watch.detector.uses(Layer.TABLE_POLLING)) {
      return Detection.ON_WRITE;
    }
    Line line = lines.ofEndpoints(endpoints, now);
    if (line == null) {
      return Detection.ON_WRITE;
    }
    line.add(watch);
    return Detection.POLL;
  }

  void takeReleased() {
    ExchangeWatch watch;
    while ((watch = mailbox.nextReleased()) != null) {
      detach(watch);
    }
  }

  private void detach(ExchangeWatch watch) {
    if (watch.attached) {
      watch.attached = false;
      watch.detector.armed(-1);
    }
    streams.remove(watch);
    lines.detach(watch);
  }

  /** It was written to: what was a FIN only may soon be answered by a reset. */
  void lookClosely(ExchangeWatch watch) {
    Line line = watch.line;
    if (line != null && line.state == LineState.HALF_CLOSED) {
      line.looks = 0;
      suspects.lookAt(line, System.nanoTime());
    }
  }

  void look() throws IOException {
    for (ExchangeWatch watch : streams.run(System.nanoTime())) {
      tell(watch, isLost(watch) ? Evidence.CONNECTION_LOST : Evidence.HTTP2_RESET, "stream");
    }
    suspects.run(System.nanoTime());
  }

  private static boolean isLost(ExchangeWatch watch) {
    Line line = watch.line;
    return (line != null && line.isClosedHere())
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
    long next = otherwise;
    if (!suspects.isEmpty() && suspects.nextAt() - next < 0) {
      next = suspects.nextAt();
    }
    if (!streams.isEmpty() && streams.nextAt() - next < 0) {
      next = streams.nextAt();
    }
    return next;
  }

  private void ready(SelectionKey key) {
    if (key.isValid() && key.attachment() instanceof Line line) {
      lines.suspect(line, System.nanoTime());
    }
  }

  private void carryOut(Line line, Verdict verdict, long now) {
    ExchangeWatch watch = line.firstWatch();
    if (line.isPolled() && watch != null) {
      watch.polled(line.isInTable());
    }
    switch (verdict) {
      case OPEN -> {
        boolean unread = (line.flags & PollFlags.READABLE) != 0;
        if (line.isPolled() || unread || line.state != LineState.SUSPECT) {
          suspects.lookAgain(line, now);
        } else {
          line.looks++;
          lines.calm(line);
        }
      }
      case FIN, SEEMS_ENDED -> halfClosed(line, verdict, now);
      case RESET -> tellAll(line, ofReset(line, now), looks.basis(line, verdict));
      case ENDED -> tellAll(line, Evidence.CONNECTION_LOST, looks.basis(line, verdict));
      case CLOSED_HERE -> abandon(line);
    }
  }

  /** A connection that keepalive has ended looks as one that was reset. */
  private static Evidence ofReset(Line line, long now) {
    return line.mayBeGivenUp(now) ? Evidence.CONNECTION_LOST : Evidence.RST;
  }

  private void halfClosed(Line line, Verdict verdict, long now) {
    if (line.state != LineState.HALF_CLOSED) {
      line.state = LineState.HALF_CLOSED;
      line.looks = 0;
    }
    Evidence evidence = verdict == Verdict.FIN ? Evidence.FIN : Evidence.CONNECTION_LOST;
    String basis = looks.basis(line, verdict);
    ExchangeWatch next;
    for (ExchangeWatch each = line.firstWatch(); each != null; each = next) {
      next = each.nextOnLine;
      if (each.detector.halfClose() == HalfClose.DISCONNECT) {
        tell(each, evidence, basis);
      } else {
        each.suspected = each.detector.halfClose() == HalfClose.CONFIRM_ON_WRITE;
      }
    }
    if (line.state != LineState.DROPPED) {
      suspects.lookAgain(line, now);
    }
  }

  private void tellAll(Line line, Evidence evidence, String basis) {
    ExchangeWatch watch;
    while ((watch = line.firstWatch()) != null) {
      tell(watch, evidence, basis);
    }
  }

  private void tell(ExchangeWatch watch, Evidence evidence, String basis) {
    detach(watch);
    try {
      watch.depart(new Departure(evidence, Instant.now(), basis));
    } catch (RuntimeException | LinkageError | AssertionError e) {
      Watcher.warnOfListener(e);
    }
  }

  /** The container has closed it: that is no departure, and whoever did so knows. */
  private void abandon(Line line) {
    ExchangeWatch watch;
    while ((watch = line.firstWatch()) != null) {
      line.remove(watch);
      watch.unwatched();
    }
    lines.drop(line);
  }

  /** Ends the watches of a closed detector. */
  void forget(Detector detector) {
    for (SelectionKey key : selector.keys()) {
      if (key.attachment() instanceof Line line) {
        forget(line, detector);
      }
    }
    suspects.copy().forEach(line -> forget(line, detector));
    for (ExchangeWatch watch : streams.copy()) {
      if (watch.detector == detector) {
        watch.release();
        detach(watch);
      }
    }
  }

  private void forget(Line line, Detector detector) {
    ExchangeWatch next;
    for (ExchangeWatch each = line.firstWatch(); each != null; each = next) {
      next = each.nextOnLine;
      if (each.detector == detector) {
        each.release();
        detach(each);
      }
    }
  }

  @Override
  public void close() {
    for (SelectionKey key : selector.keys()) {
      if (key.attachment() instanceof Line line) {
        lines.restore(line);
      }
    }
    flags.close();
    if (judge != null) {
      judge.close();
    }
  }
}
