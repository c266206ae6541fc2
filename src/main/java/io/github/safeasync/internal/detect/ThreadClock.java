package io.github.safeasync.internal.detect;

import java.io.FileInputStream;
import java.io.IOException;

/**
 * How long the calling thread has run, without the time it was preempted: read where Linux tells
 * it. Used by one thread.
 */
final class ThreadClock {

  private static final String FILE = "/proc/thread-self/schedstat";

  private final byte[] buffer = new byte[64];
  private final boolean works = read() > 0;

  /** Whether it tells the thread's own time, and not, for want of that, the time of day. */
  boolean isOwnTime() {
    return works;
  }

  /** Lacks what has passed since the last timer tick, or since the thread was woken. */
  long nanos() {
    return works ? read() : System.nanoTime();
  }

  /** As {@link #nanos}, and lacks nothing: the kernel adds it up when others may run first. */
  @SuppressWarnings("ThreadPriorityCheck") // It is for the adding up, not for an order of threads.
  long exactNanos() {
    if (works) {
      Thread.yield();
    }
    return nanos();
  }

  /** The first number of the file; 0 if there is none. */
  private long read() {
    try (FileInputStream in = new FileInputStream(FILE)) {
      int length = in.read(buffer);
      long value = 0;
      for (int i = 0; i < length && buffer[i] >= '0' && buffer[i] <= '9'; i++) {
        value = value * 10 + (buffer[i] - '0');
      }
      return value;
    } catch (IOException e) {
      return 0;
    }
  }
}
