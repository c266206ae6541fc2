package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;

/** G4: an application with the library in it leaves nothing behind when it is undeployed. */
class UndeployIT {

  private static final int TIMES = Tries.of(20);

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void undeployedWithARequestPending_timeAndAgain_leavesNothing_G4(Container container)
      throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
      long selectors = 0;
      for (int i = 0; i < TIMES; i++) {
        loaders.add(pendAndUndeploy(server));
        selectors = i == 0 ? openSelectors() : selectors;
        startAgain(server);
      }
      // The last one is deployed still: what Jetty stopped holds on to its loader in any case.
      pendAndUndeploy(server);
      assertThat(openSelectors()).isLessThanOrEqualTo(selectors);
      Witness.await()
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                System.gc();
                return loaders.stream().allMatch(each -> each.get() == null);
              });
    }
  }

  private static void startAgain(TestServer server) throws Exception {
    try (Logs expected =
        Logs.swallow()) { // Tomcat's mapper complains of what it is told to forget.
      server.startApplication();
    }
  }

  private static WeakReference<ClassLoader> pendAndUndeploy(TestServer server) throws Exception {
    try (Logs logs = Logs.swallow();
        RawClient client = RawClient.connect(server)) {
      client.get("/demo/?delay=30");
      Witness.await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () ->
                  logs.records().stream()
                      .anyMatch(each -> each.getMessage().contains("doing application stuff")));
      // A whole request later the pending one's servlet has returned, too: an undeployment while it
      // is still being called may be answered with another status.
      try (RawClient other = RawClient.connect(server)) {
        assertThat(other.get("/demo/").readResponse().status()).isEqualTo(200);
      }
      assertThat(ownThreads()).isNotEmpty();
      ClassLoader loader = ownThreads().get(0).getContextClassLoader();
      assertThat(loader).isNotSameAs(UndeployIT.class.getClassLoader());
      server.stopApplication();
      assertThat(client.readResponse().status()).isEqualTo(503);
      assertThat(ownThreads()).isEmpty();
      // Tomcat warns of threads of its own that look after the application at this moment.
      assertThat(logs.aboveInfo())
          .extracting(LogRecord::getMessage)
          .noneMatch(line -> line.contains("safe-async") || line.contains("long-runner"));
      return new WeakReference<>(loader);
    }
  }

  private static List<Thread> ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("safe-async"))
        .toList();
  }

  /** Each holds one such descriptor on Linux; elsewhere nothing is counted. */
  private static long openSelectors() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.filter(UndeployIT::isSelector).count();
    }
  }

  private static boolean isSelector(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("eventpoll");
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
