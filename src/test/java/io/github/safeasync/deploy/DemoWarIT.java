package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.demo.DemoServer;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.logging.SimpleFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** The packed demo, deployed as it is behind the containers' own web-app class loaders. */
class DemoWarIT {

  private static final Pattern LISTENING = Pattern.compile("Listening on http://localhost:(\\d+)/");

  @Test
  void packedDemo_holdsTheLibraryAndNothingElse() throws Exception {
    try (JarFile war = new JarFile(TestWar.demo().toFile())) {
      assertThat(war.stream().map(JarEntry::getName).filter(name -> name.endsWith(".jar")))
          .singleElement()
          .asString()
          .startsWith("WEB-INF/lib/safe-async-");
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void packedDemo_answers(Container container) throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "");
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/?delay=0.1").readResponse().body()).isEqualTo("ok!\n");
      assertThat(client.get("/").readResponse().body()).contains("safe-async demo");
      assertThat(client.get("/?delay=0.1&error=yes").readResponse().status()).isEqualTo(400);
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void clientKilled_isNoticedLongBeforeTheCallback_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      RawClient client = RawClient.connect(server);
      client.get("/demo/?delay=30");
      await().until(() -> messages(logs).contains("#1 doing application stuff..."));
      client.closeFin();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> messages(logs).stream().anyMatch(DemoWarIT::isNoticedFin));
      logs.assertQuiet();
    }
  }

  /**
   * A page of another site may neither start work nor run a query here, whatever way its browser
   * asks and however old that is. Who is no browser, or is on the page itself, may.
   */
  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void otherSites_startNothing(Container container) throws Exception {
    List<String> ofOthers =
        List.of(
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image",
            "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe",
            "Origin: https://evil.example",
            "Origin: null",
            "Origin: http://localhost.evil.example");
    List<String> ofOwn =
        List.of(
            "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost",
            "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate",
            "Origin: http://localhost",
            "User-Agent: curl");
    List<String> starting =
        List.of("GET /run?delay=0", "POST /run?delay=0", "GET /?delay=0", "GET /query?seconds=0");
    try (Logs logs = Logs.capture();
        TestServer server = container.deployWar(TestWar.demo(), "")) {
      for (String line : starting) {
        for (String headers : ofOthers) {
          assertThat(status(server, line, headers)).as("%s of %s", line, headers).isEqualTo(403);
        }
      }
      assertThat(messages(logs)).noneMatch(each -> each.contains("doing application stuff"));
      for (String headers : ofOwn) {
        assertThat(status(server, starting.get(0), headers)).as(headers).isEqualTo(200);
      }
    }
  }

  private static int status(TestServer server, String line, String headers) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      return client
          .send(line + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + headers)
          .send("\r\n\r\n")
          .readResponse()
          .status();
    }
  }

  /** Nobody on the network reaches the demo, unless whoever starts it says so. */
  @Test
  void demo_listensOnLoopbackAlone() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dport=0",
            "-cp",
            System.getProperty("java.class.path"),
            DemoServer.class.getName());
    Process demo = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(demo.getInputStream(), StandardCharsets.UTF_8))) {
      Matcher listening =
          said.lines()
              .map(LISTENING::matcher)
              .filter(Matcher::find)
              .findFirst()
              .orElseThrow(() -> new AssertionError("The demo did not start"));
      int port = Integer.parseInt(listening.group(1));
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      for (InetAddress address : ofNetwork()) {
        assertThatExceptionOfType(IOException.class)
            .as("%s", address)
            .isThrownBy(() -> new Socket(address, port));
      }
    } finally {
      demo.destroy();
      demo.waitFor();
    }
  }

  private static List<InetAddress> ofNetwork() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
        .toList();
  }

  private static boolean isNoticedFin(String line) {
    return line.matches("#1 the exchange ended: DISCONNECTED after \\d+ ms \\(FIN noticed by .*");
  }

  private static List<String> messages(Logs logs) {
    SimpleFormatter formatter = new SimpleFormatter();
    return logs.records().stream().map(formatter::formatMessage).toList();
  }
}
