package io.github.safeasync.internal.detect;

import io.github.safeasync.HalfClose;
import io.github.safeasync.KeepAlive;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the watcher knows of a {@link Detector}: its settings, the watches whose grace period is not
 * over, and how many are armed. Thread-safe.
 */
final class WatchQueue {

  final Queue<ExchangeWatch> pending = new ConcurrentLinkedQueue<>();
  final long graceNanos;
  private final DetectorSettings settings;
  private final AtomicInteger armed = new AtomicInteger();
  private final AtomicLong polls = new AtomicLong();
  private volatile boolean serving = true;

  WatchQueue(DetectorSettings settings) {
    this.settings = settings;
    this.graceNanos = settings.grace().toNanos();
  }

  boolean uses(Layer layer) {
    return settings.layers().contains(layer);
  }

  HalfClose halfClose() {
    return settings.halfClose();
  }

  @Nullable KeepAlive keepAlive() {
    return settings.keepAlive();
  }

  /** Whether new watches are taken. */
  boolean isServing() {
    return serving;
  }

  int armed() {
    return armed.get();
  }

  long polls() {
    return polls.get();
  }

  /** Called by the watcher. */
  void armed(int change) {
    armed.addAndGet(change);
  }

  /** Called by the watcher, the only one to write it. */
  void polled() {
    polls.lazySet(polls.get() + 1);
  }

  /** Takes no more, and forgets those whose grace period is not over. */
  void close() {
    serving = false;
    pending.clear();
  }

  /** Called by the watcher when it ends. */
  void watcherEnded() {
    armed.set(0);
    close();
  }
}
