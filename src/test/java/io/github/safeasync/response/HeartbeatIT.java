package io.github.safeasync.response;

import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;

/** G6: a heartbeat finds out about a hang-up that nobody noticed. */
class HeartbeatIT {

  private static final Duration IDLE = Duration.ofMillis(20);
  private static final ByteBuffer NEWLINE = ByteBuffer.wrap(new byte[] {'\n'});

  /** The connection is not watched before the first minute is over. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void hangUpNobodyNoticed_isFoundByTheHeartbeat_G6_G12(Container container, Transport transport)
      throws Exception {
    SafeAsyncConfig unwatched =
        SafeAsyncConfig.builder().detectAfter(Duration.ofSeconds(60)).build();
    hangUp(container, transport, unwatched, Evidence.HEARTBEAT);
  }

  /** The heartbeat is answered by a reset, which both may be the first to see. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void ignoredFin_isFoundByTheHeartbeat_G6_G12(Container container, Transport transport)
      throws Exception {
    SafeAsyncConfig ignoring = SafeAsyncConfig.builder().halfClose(HalfClose.IGNORE).build();
    hangUp(container, transport, ignoring, Evidence.HEARTBEAT, Evidence.RST);
  }

  private static void hangUp(
      Container container, Transport transport, SafeAsyncConfig config, Evidence... evidence)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport, config, app -> {});
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      response.header("Content-Length", "1000000").write("ready\n");
      response.flush();
      // All of it: what is not read would make the kernel reset the connection at once.
      while (!client.readLine().equals("ready")) {
        // The head.
      }

      client.closeAbrupt();

      witness.notNoticed();
      logs.clear();
      response.heartbeat(IDLE, NEWLINE.duplicate());
      witness.noticed(evidence);
      Witness.saidOnce(logs);
    }
  }
}
