package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;

/** G13: a body that ends with its connection is cut off by a reset, and never looks whole. */
class CutOffIT {

  private static final SafeAsyncConfig SOON =
      SafeAsyncConfig.builder().timeout(Duration.ofSeconds(2)).build();

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void errorBehindAnUnframedPart_resetsTheConnection_G13(Container container, Transport transport)
      throws Exception {
    try (Logs expected = Logs.swallow();
        Site site = Site.start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      client.send("GET /take HTTP/1.0\r\nHost: localhost\r\n\r\n");
      SafeAsyncResponse response = site.take();
      response.write("a part");
      Site.flushed(response);
      assertThat(client.readLine()).contains("200");
      assertThat(response.sendError(500)).isTrue();
      isReset(client);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void timeoutBehindAnUnframedPart_resetsTheConnection_G13(Container container, Transport transport)
      throws Exception {
    try (Logs expected = Logs.swallow();
        Site site = Site.start(container, transport, SOON, app -> {});
        RawClient client = RawClient.connect(site.server())) {
      client.send("GET /take HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      SafeAsyncResponse response = site.take();
      response.write("a part");
      Site.flushed(response);
      assertThat(client.readLine()).contains("200");
      isReset(client);
    }
  }

  /** The servlet of an unchanged application, of which the container finds out that it failed. */
  private static void failBehindAPart(HttpServletRequest request) throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(1000);
    context.getResponse().getOutputStream().print("a part");
    context.getResponse().flushBuffer();
    throw new IllegalStateException("of the application");
  }

  /** What it has sent by itself is the container's to end, which all of them do without a reset. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void unchangedServletThatFailsBehindAnUnframedPart_endsAsWithoutTheLibrary_G13(
      Container container, Transport transport) throws Exception {
    try (Logs expected = Logs.swallow();
        TestServer server = Twins.start(container, transport, SOON, CutOffIT::failBehindAPart)) {
      assertThat(endOf(server, Twins.GUARDED)).isEqualTo(endOf(server, Twins.RAW));
    }
  }

  private static String endOf(TestServer server, String path) throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      client.send("GET " + path + "/x HTTP/1.0\r\nHost: localhost\r\n\r\n");
      readToTheEnd(client);
      return "clean";
    } catch (SocketException reset) {
      return "reset";
    }
  }

  /** Over TLS an end without close_notify would not do: many clients, the JDK's, read it as one. */
  private static void isReset(RawClient client) {
    assertThatThrownBy(() -> readToTheEnd(client)).isInstanceOf(SocketException.class);
  }

  private static void readToTheEnd(RawClient client) throws IOException {
    byte[] buffer = new byte[1024];
    while (client.read(buffer) >= 0) {
      // What was sent before may still come.
    }
  }
}
