package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** The packed demo, deployed as it is behind the containers' own web-app class loaders. */
class DemoWarIT {

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

  private static boolean isNoticedFin(String line) {
    return line.matches("#1 the exchange ended: DISCONNECTED after \\d+ ms \\(FIN noticed by .*");
  }

  private static List<String> messages(Logs logs) {
    SimpleFormatter formatter = new SimpleFormatter();
    return logs.records().stream().map(formatter::formatMessage).toList();
  }
}
