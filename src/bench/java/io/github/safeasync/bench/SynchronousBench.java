package io.github.safeasync.bench;

import com.sun.management.ThreadMXBean;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the filter costs a request that never becomes asynchronous: the time and the bytes that its
 * thread needs for the rest of the chain, behind the filter and without it, and the time that a
 * client sees. The two alternate, and medians are compared.
 */
final class SynchronousBench {

  /** On one connection: Tomcat closes it after a hundred. */
  private static final int ROUND = 100;

  private static final int WARM_UP_ROUNDS = 200;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What one kind of request took, round by round. */
  private static final class Cost {
    private final long[] nanos;
    private final long[] bytes;
    private final long[] clientNanos;
    private final AtomicInteger seen = new AtomicInteger();
    private final int skipped;

    Cost(int requests) {
      this.nanos = new long[requests];
      this.bytes = new long[requests];
      this.clientNanos = new long[requests];
      this.skipped = WARM_UP_ROUNDS * ROUND;
    }

    Filter measuring() {
      return (request, response, chain) -> {
        Thread thread = Thread.currentThread();
        long bytesBefore = THREADS.getThreadAllocatedBytes(thread.getId());
        long start = System.nanoTime();
        chain.doFilter(request, response);
        long took = System.nanoTime() - start;
        long allocated = THREADS.getThreadAllocatedBytes(thread.getId()) - bytesBefore;
        int index = seen.getAndIncrement() - skipped;
        if (index >= 0) {
          nanos[index] = took;
          bytes[index] = allocated;
        }
      };
    }

    void client(long took) {
      int index = seen.get() - 1 - skipped;
      if (index >= 0) {
        clientNanos[index] = took;
      }
    }
  }

  private SynchronousBench() {}

  /** Runs it on every container of the class path. */
  static void run(Report report, int requests) throws Exception {
    int rounds = (requests + ROUND - 1) / ROUND;
    Handler hello = (request, response) -> response.getWriter().write("hello");
    for (Container container : Container.available()) {
      Cost raw = new Cost(rounds * ROUND);
      Cost safe = new Cost(rounds * ROUND);
      EnumSet<DispatcherType> requestOnly = EnumSet.of(DispatcherType.REQUEST);
      try (TestServer server =
          container.start(
              app ->
                  app.filter("raw", raw.measuring(), Map.of(), true, requestOnly, "/raw")
                      .filter("safe", safe.measuring(), Map.of(), true, requestOnly, "/safe")
                      .filter(SafeAsyncFilter.create(SafeAsyncConfig.defaults()), "/safe")
                      .handler("/raw", hello)
                      .handler("/safe", hello))) {
        for (int round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
          get(server, "/raw", raw);
          get(server, "/safe", safe);
        }
      }
      report.row(
          container,
          "synchronous, inside the chain",
          Figure.of("added", median(safe.nanos) - median(raw.nanos), "ns"),
          Figure.of("added", median(safe.bytes) - median(raw.bytes), "bytes"),
          Figure.of(
              "a client sees", (double) median(safe.clientNanos) / median(raw.clientNanos), "×"));
    }
  }

  private static void get(TestServer server, String path, Cost cost) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < ROUND; i++) {
        long start = System.nanoTime();
        client.get(path).readResponse();
        cost.client(System.nanoTime() - start);
      }
    }
  }

  private static long median(long[] values) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
