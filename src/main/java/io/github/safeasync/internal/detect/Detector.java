package io.github.safeasync.internal.detect;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the client of a pending exchange has hung up, without touching the connection.
 *
 * <p>All detectors of a class loader share one thread, which lives as long as one of them is open.
 * Thread-safe.
 */
public final class Detector implements AutoCloseable {

  private final WatchQueue queue;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<String> ready;
  final @Nullable Watcher watcher;

  private Detector(DetectorSettings settings) {
    this.queue = new WatchQueue(Objects.requireNonNull(settings, "settings"));
    Watcher joined = null;
    String failure = "";
    try {
      joined = Watchers.join(queue);
    } catch (IOException e) {
      failure = "off: no selector can be opened (" + e + ")";
    }
    this.watcher = joined;
    if (joined == null) {
      queue.close();
      this.ready = CompletableFuture.completedFuture(failure);
    } else {
      this.ready = joined.mechanisms.thenApply(this::describe);
    }
  }

  /** Starts watching; the mechanisms test themselves on another thread meanwhile. */
  public static Detector start(DetectorSettings settings) {
    return new Detector(settings);
  }

  /**
   * Watches an exchange by its connection, reached now. This is the sound way: what is reached
   * belongs to this exchange, whatever becomes of the container's pooled objects later.
   *
   * <p>Only queues, and never blocks; nothing else happens if the exchange ends within the grace
   * period.
   *
   * @param connection the exchange's own
   * @param gone called at most once, on the watcher's thread, and must not block
   */
  public HangUpWatch watch(Connection connection, Consumer<Departure> gone) {
    return watchExchange(connection, untimed(gone));
  }

  /**
   * As {@link #watch(Connection, Consumer)}, for who wants to know how long it took as well.
   *
   * @param connection the exchange's own
   * @param gone is told
   */
  public HangUpWatch watchExchange(Connection connection, HangUpListener gone) {
    Objects.requireNonNull(connection, "connection");
    return watch(new Origin.Reached(connection), expected(connection), gone);
  }

  private static HangUpListener untimed(Consumer<Departure> gone) {
    Objects.requireNonNull(gone, "gone");
    return (departure, since) -> gone.accept(departure);
  }

  /**
   * Watches an exchange whose connection is reached only after the grace period, on the watcher's
   * thread, and not at all if the watch was released before.
   *
   * <p>Sound only if the watch is released before the container reuses anything the supplier looks
   * at, on every path, errors and the container's own ends included. Containers end exchanges
   * before they tell, so prefer the other form unless the supplier holds on to nothing pooled.
   *
   * @param connection may return null, and may throw: then only a write tells
   * @param gone called at most once, on the watcher's thread, and must not block
   */
  public HangUpWatch watch(
      Supplier<? extends @Nullable Connection> connection, Consumer<Departure> gone) {
    Objects.requireNonNull(connection, "connection");
    return watch(new Origin.Reachable(connection), channelDetection(), untimed(gone));
  }

  /**
   * Watches an exchange of which only the addresses are known, as the kernel sees them.
   *
   * @param local this server's end
   * @param remote the real peer's end, not one taken from a header
   * @param gone called at most once, on the watcher's thread, and must not block
   */
  public HangUpWatch watch(
      InetSocketAddress local, InetSocketAddress remote, Consumer<Departure> gone) {
    return watch(new Origin.Addresses(local, remote), tableDetection(), untimed(gone));
  }

  private HangUpWatch watch(Origin origin, Detection expected, HangUpListener gone) {
    Objects.requireNonNull(gone, "gone");
    Watcher own = watcher;
    if (own == null || !queue.isServing()) {
      return NoWatch.ON_WRITE;
    }
    long due = System.nanoTime() + queue.graceNanos;
    ExchangeWatch watch = new ExchangeWatch(queue, own.mailbox, origin, gone, expected, due);
    queue.pending.add(watch);
    own.mailbox.wakeBefore(due);
    return watch;
  }

  private Detection expected(Connection connection) {
    if (connection.channel() != null) {
      return channelDetection();
    }
    if (connection.streamOpen() != null && queue.uses(Layer.STREAM_POLLING)) {
      return Detection.POLL;
    }
    return connection.peer() != null ? tableDetection() : Detection.ON_WRITE;
  }

  private Detection channelDetection() {
    Mechanisms known = mechanisms();
    return queue.uses(Layer.SELECTOR) && (known == null || known.selector())
        ? Detection.PUSH
        : tableDetection();
  }

  private Detection tableDetection() {
    Mechanisms known = mechanisms();
    return queue.uses(Layer.TABLE_POLLING) && (known == null || known.hasTable())
        ? Detection.POLL
        : Detection.ON_WRITE;
  }

  private @Nullable Mechanisms mechanisms() {
    Watcher own = watcher;
    return own == null || !own.mechanisms.isDone() ? null : own.mechanisms.join();
  }

  /** Returns which layers are on, and why others are not, for one line of a log. */
  public String describe() {
    return ready.isDone() ? ready.join() : "its mechanisms are still testing themselves";
  }

  /** Completes with {@link #describe()} once that is known; on the watcher's thread if later. */
  public CompletionStage<String> described() {
    return ready.minimalCompletionStage();
  }

  private String describe(Mechanisms found) {
    List<String> on = new ArrayList<>();
    if (queue.uses(Layer.SELECTOR) && found.selector()) {
      on.add("selector");
    }
    if (found.exactFlags()) {
      on.add("poll flags");
    }
    if (found.looksRepeatedly()) {
      on.add("repeated looks");
    }
    if (found.quickAcks()) {
      on.add("quick acks");
    }
    switch (found.table()) {
      case SOCK_DIAG -> on.add("sock_diag");
      case PROC -> on.add("/proc/net/tcp");
      case NONE -> on.add("spaced looks");
    }
    if (queue.uses(Layer.TABLE_POLLING) && found.hasTable()) {
      on.add("polling every " + found.pollingGapMillis() + " ms");
    }
    if (queue.uses(Layer.STREAM_POLLING)) {
      on.add("HTTP/2 streams");
    }
    String off = found.missing().isEmpty() ? "" : "; off: " + String.join(", ", found.missing());
    return "on: " + String.join(", ", on) + off;
  }

  /** How many exchanges are armed, those just released included until they are let go of. */
  public int watching() {
    return queue.armed();
  }

  /** How many channels its thread, which it may share with others, has registered. */
  public int keys() {
    return watcher == null ? 0 : watcher.keys();
  }

  /** How many looks polling has made, those at each connection counted by themselves. */
  public long polls() {
    return queue.polls();
  }

  /** Ends all its watches without telling anyone, and the thread if it was the last detector. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      queue.close();
      Watcher own = watcher;
      if (own != null) {
        Watchers.leave(queue, own);
      }
      queue.close();
    }
  }
}
