package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.demo.LongRunnerServlet;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;

/** The two scenarios of the question that this project answers, killed and not killed. */
class OriginIT {

  private static Site start(Container container) throws Exception {
    return Site.start(
        container,
        Transport.PLAIN,
        SafeAsyncConfig.defaults(),
        application -> application.servlet("/run", new LongRunnerServlet()));
  }

  @ParameterizedTest
  @EveryContainer
  void success_clientStays_getsOk(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      RawResponse response = client.get("/run?delay=0.2").readResponse();

      assertThat(response.status()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("ok!\n");
      assertThat(response.header("Content-Type")).hasValueSatisfying(Site::isUtf8Text);
      awaitCleanUp(logs, "COMPLETED");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void error_clientStays_getsItsStatus(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/run?delay=0.2&error=yes").readResponse().status()).isEqualTo(400);
      awaitCleanUp(logs, "COMPLETED");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void success_clientKilled_cleansUp_G5(Container container) throws Exception {
    killed(container, "/run?delay=0.5");
  }

  @ParameterizedTest
  @EveryContainer
  void error_clientKilled_cleansUp_G5(Container container) throws Exception {
    killed(container, "/run?delay=0.5&error=yes");
  }

  private static void killed(Container container, String path) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get(path);
      await().until(() -> messages(logs).contains("#1 doing application stuff..."));
      client.closeFin();
      awaitCleanUp(logs, "#1 the exchange ended: ");
      logs.assertQuiet();
    }
  }

  /** The application calls back after half a minute: by then its log has long had the line. */
  @ParameterizedTest
  @EveryContainer
  void clientKilled_isLoggedLongBeforeTheCallback_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container);
        RawClient other = RawClient.connect(site.server());
        RawClient client = RawClient.connect(site.server())) {
      other.get("/take");
      site.take();
      client.get("/run?delay=30");
      await().until(() -> messages(logs).contains("#1 doing application stuff..."));
      site.awaitWatching(2);
      Instant killed = Instant.now();
      client.closeFin();
      await().until(() -> disconnected(logs).isPresent());
      Duration took = Duration.between(killed, disconnected(logs).orElseThrow().getInstant());
      System.out.printf(
          "%s: DISCONNECTED was logged %d ms after the kill%n", container, took.toMillis());
      assertThat(took).isLessThan(Duration.ofSeconds(5));
      assertThat(messages(logs)).doesNotContain("#1 doing some application clean up...");
      logs.assertQuiet();
    }
  }

  private static Optional<LogRecord> disconnected(Logs logs) {
    return logs.records().stream()
        .filter(each -> message(each).startsWith("#1 the exchange ended: DISCONNECTED after "))
        .findFirst();
  }

  @ParameterizedTest
  @EveryContainer
  void badDelay_is400WithASentence(Container container) throws Exception {
    try (Site site = start(container)) {
      for (String delay : List.of("-1", "soon", "3601", "1e9", "")) {
        RawClient client = RawClient.connect(site.server()); // Tomcat closes after a 400
        RawResponse response = client.get("/run?delay=" + delay).readResponse();
        assertThat(response.status()).as(delay).isEqualTo(400);
        if (container != Container.UNDERTOW) { // its default error page has no message
          assertThat(response.body()).contains("a number of seconds from 0 to 3600");
        }
      }
    }
  }

  /** Both lines of the application, one line of the end, in whatever order the end fell. */
  private static void awaitCleanUp(Logs logs, String end) {
    await()
        .untilAsserted(
            () ->
                assertThat(messages(logs))
                    .containsOnlyOnce("#1 doing application stuff...")
                    .containsOnlyOnce("#1 doing some application clean up...")
                    .filteredOn(line -> line.startsWith("#1 the exchange ended: "))
                    .singleElement()
                    .asString()
                    .contains(end));
  }

  private static List<String> messages(Logs logs) {
    return logs.records().stream()
        .filter(each -> String.valueOf(each.getLoggerName()).contains("safeasync.demo"))
        .map(OriginIT::message)
        .toList();
  }

  private static String message(LogRecord each) {
    return new java.util.logging.SimpleFormatter().formatMessage(each);
  }
}
