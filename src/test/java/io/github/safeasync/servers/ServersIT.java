package io.github.safeasync.servers;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Distribution;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.InstalledServer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestWar;
import io.github.safeasync.testkit.Witness;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The library in a WAR on servers as they are published, started by their own scripts. */
@ParameterizedClass
@MethodSource("io.github.safeasync.testkit.Distribution#wanted")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ServersIT {
  private static final int HANG_UPS = 10;
  private static final int REDEPLOYMENTS = 10;
  private static final int RESTARTS = 2;

  private static final String FILTER =
      """
        <filter>
          <filter-name>safe-async</filter-name>
          <filter-class>io.github.safeasync.SafeAsyncFilter</filter-class>
          <async-supported>true</async-supported>
          <init-param>
            <param-name>timeout</param-name>
            <param-value>%s</param-value>
          </init-param>
        </filter>
        <filter-mapping>
          <filter-name>safe-async</filter-name>
          <url-pattern>/*</url-pattern>
          <dispatcher>REQUEST</dispatcher>
          <dispatcher>ASYNC</dispatcher>
        </filter-mapping>
      """;

  private static final String WEB_XML =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
        %s
        <servlet>
          <servlet-name>deployed</servlet-name>
          <servlet-class>io.github.safeasync.servers.DeployedServlet</servlet-class>
          <async-supported>true</async-supported>
        </servlet>
        <servlet-mapping>
          <servlet-name>deployed</servlet-name>
          <url-pattern>/*</url-pattern>
        </servlet-mapping>
      </web-app>
      """;

  private static InstalledServer server;
  private static Path guarded;
  private static final Map<String, String> ROW = new LinkedHashMap<>();

  @Parameter private Distribution distribution;

  @BeforeParameterizedClassInvocation
  static void install(Distribution distribution, @TempDir Path directory) throws Exception {
    ROW.clear();
    guarded = war(directory.resolve("app.war"), FILTER.formatted("60s"));
    Map<String, Path> wars =
        Map.of(
            "app",
            guarded,
            "brief",
            war(directory.resolve("brief.war"), FILTER.formatted("300ms")),
            "raw",
            war(directory.resolve("raw.war"), ""),
            "demo",
            TestWar.demo());
    server = distribution.start(wars);
    for (String name : List.of("app", "brief", "raw")) {
      awaitId(name, "");
    }
  }

  private static Path war(Path file, String filter) throws IOException {
    return TestWar.pack(
        file,
        WEB_XML.formatted(filter),
        DeployedServlet.class,
        DeployedServlet.Call.class,
        HearingListener.class);
  }

  @AfterParameterizedClassInvocation
  static void uninstall(Distribution distribution) throws Exception {
    if (server != null) {
      server.close();
      server = null;
    }
    if (!ROW.isEmpty()) {
      System.out.printf("%s %s%n", distribution, distribution.version());
    }
    ROW.forEach((column, seen) -> System.out.printf("  %s: %s%n", column, seen));
  }

  @Test
  @Order(0)
  void demo_isDeployed() {
    Witness.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              try (RawClient client = server.connect(false)) {
                assertThat(client.get("/demo/?delay=0").readResponse().status()).isEqualTo(200);
              }
            });
  }

  private enum Way {
    FIN(false),
    RST(false),
    TLS_CLOSE_NOTIFY(true),
    TLS_ABRUPT(true);

    private final boolean tls;

    Way(boolean tls) {
      this.tls = tls;
    }

    void leave(RawClient client) throws IOException {
      switch (this) {
        case FIN, TLS_CLOSE_NOTIFY -> client.closeFin();
        case RST -> client.closeRst();
        case TLS_ABRUPT -> client.closeAbrupt();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  @Order(1)
  void hangUp_isNoticed_G6(Way way) throws Exception {
    Noticed noticed = new Noticed();
    for (int i = 0; i < HANG_UPS; i++) {
      String name = UUID.randomUUID().toString();
      RawClient client = server.connect(way.tls);
      client.get("/app/wait?name=" + name);
      noticed.add(name, () -> way.leave(client));
    }
    noticed.in(way.toString());
  }

  /** A connection each: Tomcat closes one with many resets, as an attack. */
  @ParameterizedTest
  @ValueSource(strings = {"wait", "pour"})
  @Order(1)
  void streamReset_isNoticed_G6(String path) throws Exception {
    Noticed noticed = new Noticed();
    for (int i = 0; i < HANG_UPS; i++) {
      String name = UUID.randomUUID().toString();
      try (Http2Client client = server.connectHttp2()) {
        Http2Exchange stream = client.get("/app/" + path + "?name=" + name);
        noticed.add(name, stream::reset);
      }
    }
    noticed.in("HTTP/2, " + path);
  }

  private interface Leaving {
    void leave() throws Exception;
  }

  /** When and how departures were noticed. */
  private static final class Noticed {
    private final List<Duration> after = new ArrayList<>();
    private final TreeSet<String> how = new TreeSet<>();

    void add(String name, Leaving client) throws Exception {
      Witness.await().atMost(Witness.SOON).until(() -> !ask("app", "detection", name).isEmpty());
      Thread.sleep(60); // Long enough for the request to be watched, as any that waits is.
      String detection = ask("app", "detection", name);
      Instant left = Instant.now();
      client.leave();
      String heard = awaitHeard("app", name, Witness.SOON_IN_THE_TABLE);
      assertThat(heard).contains("DISCONNECTED");
      after.add(Duration.between(left, Instant.parse(heard.split(" ")[0])));
      how.add(detection + ", " + heard.substring(heard.indexOf('(') + 1, heard.indexOf(')')));
    }

    void in(String column) {
      after.sort(null);
      ROW.put(
          column,
          "%d ms (p50), %d ms (most); %s"
              .formatted(
                  after.get(HANG_UPS / 2).toMillis(),
                  after.get(HANG_UPS - 1).toMillis(),
                  String.join(" | ", how)));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Order(2)
  void unchangedListener_hearsOfTheHangUp_G13(boolean tls) throws Exception {
    String name = UUID.randomUUID().toString();
    RawClient client = server.connect(tls);
    client.get("/app/listen?name=" + name);
    Thread.sleep(100);
    client.closeFin();
    Witness.await()
        .atMost(Witness.SOON_IN_THE_TABLE)
        .until(() -> ask("app", "heard", name).contains("onComplete"));
    assertThat(ask("app", "heard", name)).isEqualTo("onError onComplete");
  }

  @Test
  @Order(3)
  void waitingRequest_isAnsweredAtItsTimeout_G8() throws Exception {
    try (RawClient client = server.connect(false)) {
      RawResponse timedOut = client.get("/brief/wait?name=brief").readResponse();
      assertThat(timedOut.status()).isEqualTo(503);
      assertThat(awaitHeard("brief", "brief", Witness.SOON)).startsWith("TIMED_OUT");
      ROW.put("timeout", "answered " + timedOut.status());
    }
  }

  @Test
  @Order(4)
  void lateCalls_reachNoOtherRequest_G1() throws Exception {
    int foreign = foreignAnswers("app");
    ROW.put("foreign or broken answers beside late calls", foreign + "");
    assertThat(foreign).isZero();
  }

  /** Returns how many answers are not what they should be, on the same connection and on others. */
  private static int foreignAnswers(String application) throws Exception {
    int foreign = 0;
    for (int round = 0; round < 5; round++) {
      String late = UUID.randomUUID().toString();
      String writing = UUID.randomUUID().toString();
      RawClient leaving = server.connect(false);
      leaving.get("/" + application + "/writing?name=" + writing);
      Thread.sleep(20);
      leaving.closeRst();
      Caller caller = new Caller(application);
      Caller other = new Caller(application);
      foreign += caller.isAnswered("late?name=" + late, "in time") ? 0 : 1;
      while (!hasHeard(application, late) || !hasHeard(application, writing)) {
        for (Caller each : List.of(caller, other)) {
          String text = UUID.randomUUID().toString();
          foreign += each.isAnswered("echo?name=" + text, text) ? 0 : 1;
        }
      }
      caller.close();
      other.close();
    }
    return foreign;
  }

  /** Without the filter the question may be answered wrong itself. */
  private static boolean hasHeard(String application, String name) {
    return heard(application, name).equals("done");
  }

  /** Keeps its connection for as long as the server says that it does. */
  private static final class Caller {
    private final String application;
    private RawClient client;

    Caller(String application) {
      this.application = application;
    }

    boolean isAnswered(String what, String body) throws IOException {
      if (client == null) {
        client = server.connect(false);
      }
      try {
        RawResponse response = client.get("/" + application + "/" + what).readResponse();
        if (response.header("Connection").filter("close"::equalsIgnoreCase).isPresent()) {
          close();
        }
        return response.status() == 200
            && response.body().equals(body)
            && response.header("Late").isEmpty();
      } catch (IOException | RuntimeException unreadable) {
        close();
        return false;
      }
    }

    void close() throws IOException {
      if (client != null) {
        client.close();
        client = null;
      }
    }
  }

  @Test
  @Order(5)
  void eventStream_goesOnWhereItsClientLeft_G10() throws Exception {
    RawClient first = events("");
    awaitClients(1);
    publish(1);
    publish(2);
    assertThat(nextEvent(first)).isEqualTo("event 1");
    assertThat(nextEvent(first)).isEqualTo("event 2");
    first.closeFin();
    awaitClients(0);
    publish(3);
    publish(4);
    try (RawClient second = events("Last-Event-ID: 2\r\n")) {
      assertThat(nextEvent(second)).isEqualTo("event 3");
      assertThat(nextEvent(second)).isEqualTo("event 4");
      awaitClients(1);
      publish(5);
      assertThat(nextEvent(second)).isEqualTo("event 5");
    }
    awaitClients(0);
    ROW.put("events with Last-Event-ID", "each once, in order");
  }

  private static RawClient events(String header) throws IOException {
    return server
        .connect(false)
        .send("GET /app/events HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n");
  }

  private static void publish(int id) throws IOException {
    assertThat(ask("app", "publish", id + "")).isEqualTo("published");
  }

  private static void awaitClients(int expected) {
    Witness.await()
        .atMost(Witness.SOON_IN_THE_TABLE)
        .until(() -> ask("app", "clients", "").equals(expected + ""));
  }

  private static String nextEvent(RawClient client) throws IOException {
    String line = client.readLine();
    while (!line.startsWith("data:")) {
      line = client.readLine();
    }
    return line.substring("data:".length()).strip();
  }

  @Test
  @Order(6)
  void redeployment_endsWhatIsPending_andLeavesNothing_G5() throws Exception {
    Instant begun = Instant.now();
    TreeSet<String> answers = new TreeSet<>();
    int times = server.isHot() ? REDEPLOYMENTS : RESTARTS;
    for (int i = 0; i < times; i++) {
      String before = ask("app", "id", "");
      List<RawClient> waiting = new ArrayList<>();
      for (String path : List.of("wait", "wait", "listen", "events")) {
        RawClient client = server.connect(false);
        waiting.add(client.get("/app/" + path + "?name=" + path + waiting.size()));
      }
      Thread.sleep(50);
      server.redeploy(guarded, "app");
      for (RawClient client : waiting) {
        try (client) {
          client.readTimeout(Duration.ofSeconds(60));
          RawResponse response = client.readResponse();
          answers.add(response.status() + " " + response.end());
        } catch (EOFException | SocketException closed) {
          answers.add("closed");
        }
      }
      awaitId("app", before);
    }
    ROW.put(
        "redeployments under pending requests",
        "%d in %d s; pending ones got %s"
            .formatted(times, Duration.between(begun, Instant.now()).toSeconds(), answers));
    Witness.await()
        .atMost(Witness.SOON_IN_THE_TABLE)
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () -> assertThat(server.loadersOf(SafeAsyncFilter.class)).isLessThanOrEqualTo(3));
    ROW.put(
        "loaders left",
        server.isHot() ? server.loadersOf(SafeAsyncFilter.class) - 2 + "" : "none, started again");
  }

  /** The control comes last, as what it does to its container is its own. */
  @Test
  @Order(7)
  void log_hasNothingAboveInfo_G12() throws Exception {
    List<String> loud = server.loud();
    ROW.put("lines above INFO", heads(loud));
    int foreign = foreignAnswers("raw");
    String name = UUID.randomUUID().toString();
    RawClient client = server.connect(false);
    client.get("/raw/listen?name=" + name);
    Thread.sleep(100);
    client.closeFin();
    Thread.sleep(2_000);
    ROW.put(
        "without the filter",
        "foreign or broken answers %d, listener heard \"%s\", lines above INFO %s"
            .formatted(
                foreign,
                heard("raw", name),
                heads(server.loud().subList(loud.size(), server.loud().size()))));
    assertThat(loud).isEmpty();
  }

  private static String heads(List<String> loud) {
    return loud.size()
        + loud.stream()
            .limit(3)
            .map(each -> each.lines().limit(2).collect(Collectors.joining(" ")))
            .collect(Collectors.joining("; ", " (", ")"));
  }

  private static String heard(String application, String name) {
    try {
      return ask(application, "heard", name);
    } catch (IOException | RuntimeException unreadable) {
      return "unreadable";
    }
  }

  private static String ask(String application, String what, String name) throws IOException {
    try (RawClient client = server.connect(false)) {
      return client.get("/" + application + "/" + what + "?name=" + name).readResponse().body();
    }
  }

  private static String awaitHeard(String application, String name, Duration most) {
    Witness.await().atMost(most).until(() -> !ask(application, "heard", name).isEmpty());
    return heard(application, name);
  }

  /** While it is deployed, a server answers as it likes. */
  private static void awaitId(String application, String before) {
    Witness.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(
            () -> {
              String id = ask(application, "id", "");
              UUID.fromString(id);
              return !id.equals(before);
            });
  }
}
