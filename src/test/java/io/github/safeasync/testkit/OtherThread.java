package io.github.safeasync.testkit;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A second thread for a test, which does one thing at a time. */
public final class OtherThread implements AutoCloseable {

  private final ExecutorService executor = Executors.newSingleThreadExecutor();

  /** Calls something on the other thread and waits for its answer. */
  public <T> T call(Callable<T> task) {
    try {
      return executor.submit(task).get(10, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
