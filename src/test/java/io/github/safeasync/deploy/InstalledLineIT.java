package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Witness;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G12: one line at INFO says how hang-ups are noticed, and why not in other ways. What only a JVM
 * of its own shows is in {@link io.github.safeasync.detection.RefusalsIT}.
 */
class InstalledLineIT {

  private static final String START =
      "io.github.safeasync.SafeAsyncFilter: " + SafeAsyncConfig.defaults() + "; detection ";

  /** On Linux, with native access enabled, as the build runs the tests. */
  private static String detection() {
    return Runtime.version().feature() >= 22
        ? "on: selector, poll flags, sock_diag, polling every 20 ms, HTTP/2 streams"
        : "on: selector, poll flags, repeated looks, quick acks, /proc/net/tcp, "
            + "polling every N ms, HTTP/2 streams; off: sock_diag (needs JDK 22 or later)";
  }

  @ParameterizedTest
  @EveryContainer
  void start_isSaidInOneLine_whateverRequestsFollow_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture()) {
      try (Site site = Site.start(container)) {
        awaitLines(logs, START + detection());
        for (int i = 0; i < 10; i++) {
          try (RawClient client = RawClient.connect(site.server())) {
            client.get("/take");
            Witness witness = Witness.of(site.take());
            site.awaitWatching(1);
            client.closeFin();
            witness.noticedInTheTable(Evidence.FIN);
          }
        }
        assertThat(logs.lines(Level.INFO))
            .map(InstalledLineIT::withoutInterval)
            .containsExactly(START + detection());
      }
      awaitLines(
          logs,
          START + detection(),
          "io.github.safeasync.SafeAsyncFilter: stopped, 0 open exchanges ended SHUT_DOWN");
      logs.assertQuiet();
    }
  }

  /** The mechanisms test themselves once, and each filter says what it makes of that. */
  @ParameterizedTest
  @EveryContainer
  void anotherFilter_saysItsOwnLine_andNothingElse_G12(Container container) throws Exception {
    SafeAsyncConfig other =
        SafeAsyncConfig.builder().halfClose(HalfClose.IGNORE).timeoutStatus(504).build();
    try (Logs logs = Logs.capture();
        Site first = Site.start(container)) {
      awaitLines(logs, START + detection());
      try (Site second = Site.start(container, other)) {
        awaitLines(
            logs,
            START + detection(),
            "io.github.safeasync.SafeAsyncFilter: " + other + "; detection " + detection());
        for (Site site : List.of(first, second)) {
          try (RawClient client = RawClient.connect(site.server())) {
            client.get("/take");
            SafeAsyncResponse response = site.take();
            site.awaitWatching(1);
            response.finish("sound");
            assertThat(client.readResponse().body()).isEqualTo("sound");
          }
        }
        assertThat(logs.lines(Level.INFO)).hasSize(2);
      }
      logs.assertQuiet();
    }
  }

  /** The mechanisms may still be testing themselves when the server has started. */
  private static void awaitLines(Logs logs, String... lines) {
    Witness.await()
        .atMost(Witness.SOON)
        .untilAsserted(
            () ->
                assertThat(logs.lines(Level.INFO))
                    .map(InstalledLineIT::withoutInterval)
                    .containsExactly(lines));
  }

  /** How long the kernel's table takes to read is the machine's own. */
  private static String withoutInterval(String line) {
    return Runtime.version().feature() >= 22
        ? line
        : line.replaceFirst("polling every \\d+ ms", "polling every N ms");
  }
}
