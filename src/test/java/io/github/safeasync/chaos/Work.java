package io.github.safeasync.chaos;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The application's own threads. Thread-safe. */
final class Work implements AutoCloseable {

  /** More than ever wait for a client that does not read. */
  private static final int THREADS = 32;

  interface Task {
    void run() throws IOException;
  }

  private final AtomicInteger count = new AtomicInteger();
  private final AtomicInteger pending = new AtomicInteger();
  private final ScheduledThreadPoolExecutor threads =
      new ScheduledThreadPoolExecutor(
          THREADS, task -> new Thread(task, "application-" + count.incrementAndGet()));

  /** No container shall take its threads for its application's. */
  Work() {
    threads.prestartAllCoreThreads();
  }

  /** Works for an exchange; an IOException tells it of its client, and nothing else is expected. */
  void later(Entry entry, int millis, Task task) {
    pending.incrementAndGet();
    threads.schedule(
        () -> {
          attempt(entry, task);
          pending.decrementAndGet();
        },
        millis,
        TimeUnit.MILLISECONDS);
  }

  static void attempt(Entry entry, Task task) {
    try {
      task.run();
    } catch (IOException gone) {
      entry.note("told: " + gone);
    } catch (Throwable escaped) {
      StringWriter stack = new StringWriter();
      escaped.printStackTrace(new PrintWriter(stack));
      entry.fault(Fault.ESCAPED_EXCEPTION, stack.toString());
    }
  }

  void execute(Runnable task) {
    threads.execute(task);
  }

  boolean isPending() {
    return pending.get() > 0;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
