package io.github.safeasync.chaos;

import io.github.safeasync.HalfClose;
import io.github.safeasync.SafeAsyncConfig;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** A part of the server, with a filter of its own. */
enum Zone {
  CALM,
  /** Its executor rejects every third task, and little may wait for the client. */
  REJECTING,
  /** A response has no more than some milliseconds. */
  HASTY;

  /** The message of the exceptions. */
  private static final String REJECTED = "every third task is rejected";

  private static final int EVERY = 3;

  String path() {
    return "/" + name().toLowerCase(Locale.ROOT);
  }

  SafeAsyncConfig config(Executor workers) {
    SafeAsyncConfig.Builder config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ofSeconds(20))
            .writeTimeout(Duration.ofSeconds(5));
    return switch (this) {
      case CALM -> config.build();
      case REJECTING ->
          config
              .executor(rejecting(workers))
              .maxPendingBytes(4 * 1024)
              .pendingLimit(32 * 1024)
              .build();
      case HASTY -> config.timeout(Duration.ofMillis(20)).halfClose(HalfClose.IGNORE).build();
    };
  }

  /** Whether it is told of a task that was rejected, or of more than may wait where little may. */
  static boolean isCauseOf(String complaint) {
    return complaint.contains(REJECTED)
        || complaint.contains(REJECTING.path()) && complaint.contains("SlowClientException");
  }

  private static Executor rejecting(Executor workers) {
    AtomicInteger asked = new AtomicInteger();
    return task -> {
      if (asked.incrementAndGet() % EVERY == 0) {
        throw new RejectedExecutionException(REJECTED);
      }
      workers.execute(task);
    };
  }
}
