package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What the container's thread allocates for a request that is answered at once, behind the filter
 * beside the container alone. Compiled code allocates less: the budgets hold for interpreted code
 * as well, as each counts what is made.
 */
class AllocationIT {

  /** On one connection: Tomcat closes it after a hundred. */
  private static final int REQUESTS = 45;

  private static final int MEASURED = 15;
  private static final long SYNCHRONOUS_BYTES = 480;
  private static final long ASYNCHRONOUS_BYTES = 3_000;
  private static final long RESPONSE_BYTES = 4_800;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final List<Long> raw = new CopyOnWriteArrayList<>();
  private final List<Long> safe = new CopyOnWriteArrayList<>();

  @ParameterizedTest
  @EveryContainer
  void synchronousRequest_allocatesLittle_G11(Container container) throws Exception {
    Handler hello = (request, response) -> response.getWriter().write("hello");
    assertThat(added(container, hello, hello)).isLessThanOrEqualTo(SYNCHRONOUS_BYTES);
  }

  @ParameterizedTest
  @EveryContainer
  void asynchronousRequest_allocatesLittle_G11(Container container) throws Exception {
    Handler hello = AllocationIT::asynchronously;
    assertThat(added(container, hello, hello)).isLessThanOrEqualTo(ASYNCHRONOUS_BYTES);
  }

  @ParameterizedTest
  @EveryContainer
  void response_allocatesLittle_G11(Container container) throws Exception {
    Handler bare = AllocationIT::asynchronously;
    Handler taken = (request, response) -> SafeAsyncResponse.of(request).finish("hello");
    assertThat(added(container, bare, taken)).isLessThanOrEqualTo(RESPONSE_BYTES);
  }

  private static void asynchronously(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.getResponse().getWriter().write("hello");
    context.complete();
  }

  private long added(Container container, Handler without, Handler with) throws Exception {
    EnumSet<DispatcherType> requestOnly = EnumSet.of(DispatcherType.REQUEST);
    try (TestServer server =
            container.start(
                app ->
                    app.filter("raw", measuring(raw), Map.of(), true, requestOnly, "/raw")
                        .filter("measured", measuring(safe), Map.of(), true, requestOnly, "/safe")
                        .filter(new SafeAsyncFilter(), "/safe")
                        .handler("/raw", without)
                        .handler("/safe", with));
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(client.get("/raw").readResponse().body()).isEqualTo("hello");
        assertThat(client.get("/safe").readResponse().body()).isEqualTo("hello");
      }
    }
    return least(safe) - least(raw);
  }

  private static Filter measuring(List<Long> bytes) {
    return (request, response, chain) -> {
      long thread = Thread.currentThread().getId();
      long before = THREADS.getThreadAllocatedBytes(thread);
      chain.doFilter(request, response);
      bytes.add(THREADS.getThreadAllocatedBytes(thread) - before);
    };
  }

  /** Of the last ones: the first load classes. */
  private static long least(List<Long> bytes) {
    return bytes.stream().skip(REQUESTS - MEASURED).mapToLong(Long::longValue).min().orElseThrow();
  }
}
