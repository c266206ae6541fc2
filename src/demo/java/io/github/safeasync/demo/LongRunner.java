package io.github.safeasync.demo;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * An application that takes its time and knows nothing of HTTP: it calls back when it is done, and
 * cleans up after the callback. An exception out of the callback would cost it the clean-up.
 */
final class LongRunner {

  private static final Logger LOGGER = System.getLogger(LongRunner.class.getName());

  private final ScheduledExecutorService scheduler;
  private final Set<Run> running = ConcurrentHashMap.newKeySet();

  /** One of the things that it does, by the name that its lines in the log begin with. */
  private final class Run {

    private final String name;

    Run(String name) {
      this.name = name;
    }

    void end(Runnable callback) {
      if (running.remove(this)) {
        callback.run();
        LOGGER.log(Level.INFO, "{0} doing some application clean up...", name);
      }
    }
  }

  LongRunner(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
  }

  void run(String name, Duration delay, boolean error, Runnable onSuccess, Runnable onError) {
    Run run = new Run(name);
    running.add(run);
    LOGGER.log(Level.INFO, "{0} doing application stuff...", name);
    scheduler.schedule(
        () -> run.end(error ? onError : onSuccess), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Ends everything before its time: it is cleaned up, and nobody is called back. */
  void stop() {
    running.forEach(run -> run.end(() -> {}));
  }
}
