package io.github.safeasync.bench;

import io.github.safeasync.Departure;
import io.github.safeasync.SafeAsyncResponse;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A request that nobody answers, and the moment at which the application hears of its end. */
final class Pending {

  private static final long PATIENCE_SECONDS = 15;

  private final CountDownLatch told = new CountDownLatch(1);
  private volatile long toldAt;
  private volatile Departure departure;

  Pending(SafeAsyncResponse response) {
    response.onDisconnect(this::tell);
  }

  private void tell(Departure gone) {
    toldAt = System.nanoTime();
    departure = gone;
    told.countDown();
  }

  /** Waits until the application was told; answers false if it was not. */
  boolean await() throws InterruptedException {
    return told.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  long toldAt() {
    return toldAt;
  }

  Instant noticedAt() {
    return departure.noticedAt();
  }

  /** The evidence and what found it. */
  String basis() {
    return departure.toString();
  }
}
