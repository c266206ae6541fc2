package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Evidence;
import io.github.safeasync.KeepAlive;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RemoteNetwork;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import org.junit.jupiter.params.ParameterizedTest;

/** G6, G7: clients that vanish without a FIN or a RST, because the network to them has. */
class VanishedPeerIT {

  private static Site start(Container container, KeepAlive keepalive) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().keepalive(keepalive).build();
    return Site.start(container, Transport.PLAIN, config, TestApplication::everywhere);
  }

  /** Sooner than anyone can have been silent for too long, it can be nothing else. */
  @ParameterizedTest
  @EveryContainer
  void keepalive_takesAResetForOne_G6_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, new KeepAlive(30, 10, 3));
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      Witness witness = Witness.of(site.take());
      site.awaitWatching(1);
      logs.clear();
      client.closeRst();
      witness.noticed(Evidence.RST);
      Witness.saidOnce(logs);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void keepalive_noticesWhoIsSilent_andNobodyElse_G6_G7_G12(Container container) throws Exception {
    try (RemoteNetwork network = RemoteNetwork.open();
        Logs logs = Logs.capture();
        Site asking = start(container, new KeepAlive(1, 1, 1));
        Site silent = start(container, null);
        RawClient near = RawClient.connect(asking.server())) {
      Process vanishing = network.get(asking.server(), "/take");
      Witness vanished = Witness.of(asking.take());
      near.get("/take");
      SafeAsyncResponse sound = asking.take();
      Witness staying = Witness.of(sound);
      Process waiting = network.get(silent.server(), "/take");
      SafeAsyncResponse unasked = silent.take();
      Witness unnoticed = Witness.of(unasked);
      asking.awaitWatching(2);
      silent.awaitWatching(1);
      logs.clear();

      network.cut();

      vanished.notNoticed();
      vanished.noticedAfterSilence(Evidence.CONNECTION_LOST);
      assertThat(vanishing.isAlive()).isTrue();
      Witness.saidOnce(logs);
      unnoticed.notNoticed();
      staying.notNoticed();
      network.restore();
      unasked.finish("back again");
      assertThat(RemoteNetwork.answer(waiting)).isEqualTo("back again");
      unnoticed.completes();
      sound.finish("sound");
      assertThat(near.readResponse().body()).isEqualTo("sound");
      staying.completes();
      asking.awaitWatching(0);
      logs.assertQuiet();
    }
  }
}
