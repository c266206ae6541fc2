package io.github.safeasync.internal.exchange;

import io.github.safeasync.Handle;
import io.github.safeasync.internal.body.Outbox;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Writes a few bytes whenever nothing else was written for some time, so that a client that has
 * vanished is noticed. Its timer is the filter's, shared by all exchanges; a tick costs a look at a
 * clock, and nothing is written while something still waits for the client: that finds it out too.
 */
final class Heartbeat implements Handle {

  private final Object about;
  private final FilterScope scope;
  private final Outbox outbox;
  private final Duration idle;
  private final ByteBuffer bytes;
  private volatile @Nullable Future<?> next;
  private final AtomicBoolean removed = new AtomicBoolean();

  Heartbeat(Object about, FilterScope scope, Outbox outbox, Duration idle, ByteBuffer bytes) {
    this.about = about;
    this.scope = scope;
    this.outbox = outbox;
    this.idle = idle;
    this.bytes = bytes;
  }

  void start() {
    schedule(idle);
  }

  private void schedule(Duration delay) {
    if (!removed.get()) {
      Future<?> armed = scope.schedule(about, this::tick, delay);
      next = armed;
      if (removed.get()) {
        armed.cancel(false);
      }
    }
  }

  /** On the timer's thread. */
  private void tick() {
    if (removed.get() || outbox.isClosed()) {
      return;
    }
    Duration quiet = Duration.ofNanos(System.nanoTime() - outbox.lastWriteNanos());
    if (quiet.compareTo(idle) < 0) {
      schedule(idle.minus(quiet));
      return;
    }
    if (outbox.pending().bytes() == 0) {
      // Not here: the timer only decides.
      scope.write(() -> outbox.heartbeat(bytes.duplicate()));
    }
    schedule(idle);
  }

  @Override
  public boolean remove() {
    boolean first = removed.compareAndSet(false, true);
    Future<?> armed = next;
    if (armed != null) {
      armed.cancel(false);
    }
    return first;
  }
}
