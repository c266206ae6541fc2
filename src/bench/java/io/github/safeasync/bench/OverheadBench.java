package io.github.safeasync.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/**
 * What a request pays that is answered at once: five ways to say hello, and the synchronous one
 * behind the filter, in turns on one server. Each round is compared with its neighbour; the ratios
 * are medians of those.
 */
final class OverheadBench {

  private static final int CONNECTIONS = 64;
  private static final long MILLIS = Long.getLong("millis", 700);
  private static final long WARM_UP_MILLIS = 4_000;
  private static final String HELLO = "hello";

  private static final double TRANSPARENT = 0.98;
  private static final double RESPONSE = 0.97;
  private static final double SYNCHRONOUS = 0.99;
  private static final double DEFERRED = 1.5;
  private static final double TRANSPARENT_BYTES = 300;
  private static final double RESPONSE_BYTES = 600;

  /** By a recording of every allocation on Jetty. */
  private static final String ALLOCATES =
      "allocates a snapshot of the request for late calls, a state a transition, and the guards";

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** A way to say it, with the way that it is compared with. */
  enum Way {
    RAW,
    TRANSPARENT,
    RESPONSE,
    SYNC,
    SYNC_FILTERED,
    DEFERRED;

    String path() {
      return (this == TRANSPARENT || this == RESPONSE || this == SYNC_FILTERED ? "/safe/" : "/raw/")
          + name().toLowerCase(Locale.ROOT);
    }
  }

  /** An application of Spring MVC. */
  @Configuration(proxyBeanMethods = false)
  @EnableWebMvc
  @Import(Greeting.class)
  static class Application {}

  /** Its controller. */
  @RestController
  static class Greeting {

    @GetMapping("/raw/deferred")
    public DeferredResult<String> deferred() {
      DeferredResult<String> result = new DeferredResult<>();
      result.setResult(HELLO);
      return result;
    }
  }

  private record Cost(double rate, double nanos, double bytes) {}

  private final TestServer server;
  private final Load load;
  private final Map<Way, Cost[]> costs = new EnumMap<>(Way.class);

  private OverheadBench(TestServer server, Load load) {
    this.server = server;
    this.load = load;
  }

  static void run(Report report, int rounds) throws Exception {
    for (Container container : Container.available()) {
      try (TestServer server = container.start(OverheadBench::application);
          Load load = new Load()) {
        new OverheadBench(server, load).measure(report, rounds);
      }
    }
  }

  static void application(TestApplication app) {
    AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
    spring.register(Application.class);
    app.customize(Object.class, keepingAlive())
        .filter(
            "safe-async",
            SafeAsyncFilter.create(SafeAsyncConfig.defaults()),
            Map.of(),
            true,
            EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC),
            "/safe/*")
        .handler(Way.RAW.path(), OverheadBench::asynchronous)
        .handler(Way.TRANSPARENT.path(), OverheadBench::asynchronous)
        .handler(Way.RESPONSE.path(), (in, out) -> SafeAsyncResponse.of(in).finish(HELLO))
        .handler(Way.SYNC.path(), (in, out) -> out.getWriter().write(HELLO))
        .handler(Way.SYNC_FILTERED.path(), (in, out) -> out.getWriter().write(HELLO))
        .servlet("/", new DispatcherServlet(spring));
  }

  static void asynchronous(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.getResponse().getWriter().write(HELLO);
    context.complete();
  }

  /** Tomcat closes a connection after 100 requests otherwise. */
  static Consumer<Object> keepingAlive() {
    return TomcatConnector.with("maxKeepAliveRequests", "-1");
  }

  private void measure(Report report, int rounds) throws IOException {
    for (Way way : Way.values()) {
      costs.put(way, new Cost[rounds]);
      load.run(server.port(), way.path(), CONNECTIONS, WARM_UP_MILLIS, Long.MAX_VALUE);
    }
    for (int round = 0; round < rounds; round++) {
      Way[] order = Way.values();
      if (round % 2 == 1) {
        Collections.reverse(Arrays.asList(order));
      }
      for (Way way : order) {
        costs.get(way)[round] = measure(way);
      }
    }
    compare(report, Way.TRANSPARENT, Way.RAW, TRANSPARENT, TRANSPARENT_BYTES);
    compare(report, Way.RESPONSE, Way.RAW, RESPONSE, RESPONSE_BYTES);
    compare(report, Way.SYNC_FILTERED, Way.SYNC, SYNCHRONOUS, Double.NaN);
    compare(report, Way.RESPONSE, Way.DEFERRED, DEFERRED, Double.NaN);
  }

  private Cost measure(Way way) throws IOException {
    long cpu = PROCESS.getProcessCpuTime();
    long bytes = allocated();
    Load.Result done = load.run(server.port(), way.path(), CONNECTIONS, MILLIS, Long.MAX_VALUE);
    return new Cost(
        done.rate(),
        (double) (PROCESS.getProcessCpuTime() - cpu) / done.answered(),
        (double) (allocated() - bytes) / done.answered());
  }

  private static long allocated() {
    long sum = 0;
    for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }

  private void compare(Report report, Way way, Way with, double least, double mostBytes) {
    Cost[] ours = costs.get(way);
    Cost[] theirs = costs.get(with);
    int rounds = ours.length;
    double[] rates = new double[rounds];
    double[] nanos = new double[rounds];
    double[] bytes = new double[rounds];
    double[] rate = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      rates[i] = ours[i].rate / theirs[i].rate;
      nanos[i] = ours[i].nanos - theirs[i].nanos;
      bytes[i] = ours[i].bytes - theirs[i].bytes;
      rate[i] = ours[i].rate;
    }
    report.rowOrElse(
        Samples.median(bytes) > mostBytes ? ALLOCATES : "",
        server.container(),
        name(way) + " beside " + name(with),
        Figure.of("speed", Samples.median(rates), "×").atLeast(least),
        Figure.of("added", Samples.median(bytes), "bytes").atMost(mostBytes),
        Figure.of("added", Samples.median(nanos) / 1e3, "µs CPU"),
        Figure.of("at", Samples.median(rate), "requests/s"));
  }

  private static String name(Way way) {
    return way.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
