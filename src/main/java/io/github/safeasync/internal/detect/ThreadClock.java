package io.github.safeasync.internal.detect;

import java.io.FileInputStream;
import java.io.IOException;

/**
 * How long the calling thread has run, without the time it was preempted: read where Linux tells
 * it. Right only to a timer tick, but the errors of many readings cancel out. Used by one thread.
 */
final class ThreadClock {

  private static final String FILE = "/proc/thread-self/schedstat";

  private final byte[] buffer = new byte[64];
  private final boolean works = read() > 0;

  /** Whether it tells the thread's own time, and not, for want of that, the time of day. */
  boolean isOwnTime() {
    return works;
  }

  long nanos() {
    return works ? read() : System.nanoTime();
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
