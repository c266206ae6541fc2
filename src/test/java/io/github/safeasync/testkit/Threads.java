package io.github.safeasync.testkit;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that are started by the test, so that no container takes them for its application's. */
public final class Threads {

  private Threads() {}

  public static ExecutorService started(int count) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    pool.prestartAllCoreThreads();
    return pool;
  }
}
