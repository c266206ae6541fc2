package io.github.safeasync.demo;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * An application that takes its time and knows nothing of HTTP: it calls back when it is done, and
 * cleans up after the callback. An exception out of the callback would cost it the clean-up.
 */
final class LongRunner {

  private static final Logger LOGGER = System.getLogger(LongRunner.class.getName());

  private final ScheduledExecutorService scheduler;

  LongRunner(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
  }

  void run(Duration delay, boolean error, Runnable onSuccess, Runnable onError) {
    LOGGER.log(Level.INFO, "doing application stuff...");
    scheduler.schedule(
        () -> {
          (error ? onError : onSuccess).run();
          LOGGER.log(Level.INFO, "doing some application clean up...");
        },
        delay.toMillis(),
        TimeUnit.MILLISECONDS);
  }
}
