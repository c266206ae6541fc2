package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SafeAsyncStatsMXBean;
import io.github.safeasync.demo.BoardServlet;
import io.github.safeasync.micrometer.SafeAsyncMetrics;
import io.github.safeasync.testkit.Browser;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Tries;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.management.JMX;
import javax.management.ObjectName;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** A storm of hang-ups: whoever counts them comes to the same, to the last one. */
class StormIT {

  /** Of each kind; 2,000 hang-ups in the long form. */
  private static final int ALL = 2000;

  private static final int AT_ONCE = 100;

  /** Tomcat closes one after a hundred. */
  private static final int ON_ONE_CONNECTION = 50;

  private static final Map<String, String> TYPES =
      Map.of("html", "text/html", "css", "text/css", "js", "text/javascript");

  private final SafeAsyncFilter filter = new SafeAsyncFilter();
  @TempDir private Path directory;

  private static void serve(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    if (request.getRequestURI().startsWith("/answered")) {
      response.finish("answer");
    }
  }

  private static void servePage(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String file = request.getPathInfo().substring(1);
    response.setContentType(TYPES.get(file.substring(file.lastIndexOf('.') + 1)));
    Files.copy(Path.of("webapp", file), response.getOutputStream());
  }

  @ParameterizedTest
  @EveryContainer
  void statsJmxMicrometerFlightRecorderAndPage_agreeToTheLastOne(Container container)
      throws Exception {
    int storm = Tries.of(ALL);
    int answered = storm / 4;
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    SafeAsyncMetrics.of(filter.stats()).bindTo(registry);
    Path file = directory.resolve("storm.jfr");
    try (Logs logs = Logs.swallow();
        Recording recording = new Recording();
        TestServer server =
            container.start(
                app ->
                    app.filter(filter)
                        .handler("/left", (request, x) -> serve(request))
                        .handler("/answered", (request, x) -> serve(request))
                        .servlet("/page/board/*", new BoardServlet())
                        .handler("/page/*", StormIT::servePage))) {
      recording.enable("io.github.safeasync.ExchangeEnd");
      recording.start();
      hangUp(server, storm);
      answer(server, answered);
      SafeAsyncStats stats = filter.stats();
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                assertThat(stats.ended(End.Kind.DISCONNECTED)).isEqualTo(storm);
                assertThat(stats.ended(End.Kind.COMPLETED)).isEqualTo(answered);
                assertThat(scraped(registry, "safe_async_disconnected_after_seconds_count"))
                    .isEqualTo(storm);
              });
      recording.dump(file);

      assertThat(stats.open()).isZero();
      assertThat(stats.disconnectedAfter().count()).isEqualTo(storm);
      assertThat(stats.detection().count()).isEqualTo(storm);
      long byEvidence = 0;
      for (Evidence each : Evidence.values()) {
        byEvidence += stats.disconnected(each);
      }
      assertThat(byEvidence).isEqualTo(storm);
      SafeAsyncStatsMXBean bean = inJmx();
      assertThat(bean.getDisconnected()).isEqualTo(storm);
      assertThat(bean.getCompleted()).isEqualTo(answered);
      assertThat(bean.getDetectionCount()).isEqualTo(storm);
      assertThat(bean.getDisconnectedByFin()).isEqualTo(stats.disconnected(Evidence.FIN));
      assertThat(scraped(registry, "safe_async_exchanges_total{end=\"disconnected\"}"))
          .isEqualTo(storm);
      assertThat(scraped(registry, "safe_async_exchanges_total{end=\"completed\"}"))
          .isEqualTo(answered);
      assertThat(scraped(registry, "safe_async_disconnects_total{evidence=\"fin\"}"))
          .isEqualTo(stats.disconnected(Evidence.FIN));
      assertThat(scraped(registry, "safe_async_detection_seconds_count")).isEqualTo(storm);
      assertThat(scraped(registry, "safe_async_detection_seconds_bucket{le=\"+Inf\"}"))
          .isEqualTo(storm);
      assertThat(scraped(registry, "safe_async_exchanges_open")).isZero();
      assertThat(scraped(registry, "safe_async_pending_bytes")).isZero();
      assertThat(recorded(file, "DISCONNECTED")).isEqualTo(storm);
      assertThat(recorded(file, "COMPLETED")).isEqualTo(answered);
      assertThat(totalsOnThePage(server.uri("/page/index.html")))
          .containsExactly(String.format(Locale.ENGLISH, "%,d", storm), String.valueOf(answered));
    }
  }

  private void hangUp(TestServer server, int count) throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int left = count; left > 0; left -= AT_ONCE) {
      long before = filter.stats().ended(End.Kind.DISCONNECTED);
      int now = Math.min(left, AT_ONCE);
      for (int i = 0; i < now; i++) {
        clients.add(RawClient.connect(server).get("/left?n=" + i));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(filter.stats().watched()).isEqualTo(now));
      for (RawClient client : clients) {
        client.closeFin();
      }
      clients.clear();
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                assertThat(filter.stats().ended(End.Kind.DISCONNECTED)).isEqualTo(before + now);
                assertThat(filter.stats().watched()).isZero();
              });
    }
  }

  private static void answer(TestServer server, int count) throws Exception {
    for (int left = count; left > 0; left -= ON_ONE_CONNECTION) {
      try (RawClient client = RawClient.connect(server)) {
        for (int i = 0; i < Math.min(left, ON_ONE_CONNECTION); i++) {
          assertThat(client.get("/answered").readResponse().body()).isEqualTo("answer");
        }
      }
    }
  }

  /** Returns the value of the one line that begins so, of what Prometheus would be sent. */
  private static long scraped(PrometheusMeterRegistry registry, String series) {
    Predicate<String> begins =
        Pattern.compile("^" + Pattern.quote(series) + "[ {].*").asMatchPredicate();
    return registry
        .scrape()
        .lines()
        .filter(begins)
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .mapToLong(value -> (long) Double.parseDouble(value))
        .findFirst()
        .orElseThrow(() -> new AssertionError(series + " is not in\n" + registry.scrape()));
  }

  private static SafeAsyncStatsMXBean inJmx() throws Exception {
    ObjectName name =
        ManagementFactory.getPlatformMBeanServer()
            .queryNames(new ObjectName("io.github.safeasync:type=SafeAsyncStats,*"), null)
            .iterator()
            .next();
    return JMX.newMXBeanProxy(
        ManagementFactory.getPlatformMBeanServer(), name, SafeAsyncStatsMXBean.class);
  }

  /** Returns what the demo's page shows in a browser: how many hung up, and how many completed. */
  private static List<String> totalsOnThePage(URI page) throws Exception {
    try (Browser browser = Browser.start()) {
      browser.open(page);
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> total(browser, "open").equals("1"));
      return List.of(total(browser, "disconnected"), total(browser, "completed"));
    }
  }

  private static String total(Browser browser, String of) {
    return (String) browser.evaluate("document.getElementById('total-" + of + "').textContent");
  }

  private static long recorded(Path file, String end) throws Exception {
    return RecordingFile.readAllEvents(file).stream()
        .filter(each -> each.getEventType().getName().equals("io.github.safeasync.ExchangeEnd"))
        .filter(each -> end.equals(each.getString("end")))
        .count();
  }
}
