package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;

/** G6, G12: a hang-up on HTTP/2 is noticed with nothing read or written by the server. */
class Http2DetectionIT {

  /** A way to hang up. */
  private interface Way {
    void of(Http2Client client) throws Exception;
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void streamReset_isNoticed_itsNeighbourIsAnswered_G6_G7_G12(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange neighbour = client.get("/take");
      SafeAsyncResponse sound = site.take();
      Witness other = Witness.of(sound);
      Http2Exchange exchange = client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(2);
      assertThat(response.detection()).isEqualTo(Detection.PUSH);
      logs.clear();

      exchange.reset();

      witness.noticed(Evidence.HTTP2_RESET);
      site.awaitWatching(1);
      Witness.saidOnce(logs);
      other.notNoticed();
      sound.finish("sound");
      assertThat(neighbour.awaitBody()).isEqualTo("sound");
      other.completes();
      assertThat(client.get("/plain").awaitBody()).isEqualTo("plain");
      site.awaitWatching(0);
      Witness.saidOnce(logs);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void streamReset_afterAPartWasSent_isNoticedAsSuch_G6_G12(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      Handle heartbeat =
          response.heartbeat(Duration.ofMillis(10), ByteBuffer.wrap(new byte[] {'\n'}));
      Witness.await().until(() -> exchange.bodyBytes().length > 2);
      heartbeat.remove();
      assertThat(Site.flushed(response)).isTrue();
      logs.clear();

      exchange.reset();

      if (container == Container.UNDERTOW) {
        // It tells nobody, so that a last heartbeat may be the first to find out.
        witness.noticed(Evidence.HTTP2_RESET, Evidence.HEARTBEAT);
      } else {
        witness.noticed(Evidence.HTTP2_RESET);
      }
      Witness.saidOnce(logs);
      assertThat(client.get("/plain").awaitBody()).isEqualTo("plain");
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void connectionClosed_isNoticed_G6_G12(Container container, Transport transport)
      throws Exception {
    // The kernel makes a RST of it if a frame of the server had come and was not read.
    hangUp(
        container,
        transport,
        Http2Client::closeFin,
        Evidence.FIN,
        Evidence.RST,
        Evidence.CONNECTION_LOST);
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void connectionReset_isNoticed_G6_G12(Container container, Transport transport) throws Exception {
    hangUp(container, transport, Http2Client::closeRst, Evidence.RST, Evidence.CONNECTION_LOST);
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void goAwayThenClosed_isNoticed_G6_G12(Container container, Transport transport)
      throws Exception {
    hangUp(
        container,
        transport,
        Http2Client::goAwayAndClose,
        Evidence.FIN,
        Evidence.RST,
        Evidence.CONNECTION_LOST);
  }

  /**
   * RFC 9113 section 6.8: who says GOAWAY begins no more, and waits for what has begun. Tomcat and
   * Undertow cut that off (see ContainerFaultsIT), so that there the client has gone: which is
   * known by the cut, or by the FIN with which the client answers it.
   */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void goAwayOnAConnectionLeftOpen_isNoDepartureUntilTheContainerCutsItOff_G6_G7_G12(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(1);

      client.goAway();

      if (container.isJetty()) {
        witness.notNoticed();
        response.finish("sound");
        assertThat(exchange.awaitBody()).isEqualTo("sound");
        witness.completes();
      } else {
        witness.noticed(Evidence.CONNECTION_LOST, Evidence.HTTP2_RESET, Evidence.FIN);
        assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
      }
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  /** Both streams of the connection are told, each once. */
  private static void hangUp(
      Container container, Transport transport, Way way, Evidence... evidence) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client neighbour = Http2Client.connect(site.server());
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = neighbour.get("/take");
      SafeAsyncResponse sound = site.take();
      Witness other = Witness.of(sound);
      client.get("/take");
      Witness first = Witness.of(site.take());
      client.get("/take");
      SafeAsyncResponse streaming = site.take();
      Witness second = Witness.of(streaming);
      streaming.write("a part of it");
      assertThat(Site.flushed(streaming)).isTrue();
      site.awaitWatching(3);

      way.of(client);

      first.noticed(evidence);
      second.noticed(evidence);
      site.awaitWatching(1);
      sound.finish("sound");
      assertThat(exchange.awaitBody()).isEqualTo("sound");
      other.completes();
      assertThat(neighbour.get("/plain").awaitBody()).isEqualTo("plain");
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }
}
