package io.github.safeasync.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** What the library's watcher takes of a processor. */
public final class WatcherCpu {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private WatcherCpu() {}

  /** So far; 0 if there is none. */
  public static double millis() {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("safe-async watcher")) {
        return THREADS.getThreadCpuTime(thread.getId()) / 1e6;
      }
    }
    return 0;
  }

  /** Of a core, from now on for a time. */
  public static double percentDuring(Duration time) {
    double before = millis();
    LockSupport.parkNanos(time.toNanos());
    return (millis() - before) / (time.toNanos() / 1e6) * 100;
  }
}
