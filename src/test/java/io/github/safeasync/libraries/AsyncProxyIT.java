package io.github.safeasync.libraries;

import static io.github.safeasync.libraries.Deployment.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.libraries.Deployment.Kind;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.proxy.AsyncProxyServlet;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Jetty's AsyncProxyServlet, unchanged, which is a plain servlet and runs on every container, while
 * one in two of its clients leaves at one moment or another.
 */
class AsyncProxyIT {

  private static final int WAVES = 8;
  private static final int CLIENTS = 50;
  private static final String POST =
      "POST /any HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

  /** What became of the clients that stayed. */
  private record Answered(int whole, int other) {}

  private static Seen<Answered> proxy(Kind kind, Container container) throws Exception {
    try (Origin origin = Origin.start();
        Deployment deployment =
            Deployment.start(
                kind,
                container,
                app -> app.servlet("/*", new AsyncProxyServlet.Transparent(), settings(origin)))) {
      Answered answered = new Answered(0, 0);
      for (int i = 0; i < WAVES; i++) {
        Answered more = wave(deployment);
        answered = new Answered(answered.whole() + more.whole(), answered.other() + more.other());
      }
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(origin.answering).as("%s", kind).hasValue(0));
      deployment.awaitNoExchange();
      return new Seen<>(answered, deployment.complaints());
    }
  }

  private static Map<String, String> settings(Origin origin) {
    return Map.of("proxyTo", origin.address(), "maxThreads", "16", "viaHost", "proxy");
  }

  /** One in two leaves: before the response, when it has begun, or in its body. */
  private static Answered wave(Deployment deployment) throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      RawClient client = deployment.connect();
      clients.add(i % 3 == 0 ? client.send(POST) : client.get("/any"));
    }
    for (int i = 1; i < CLIENTS; i += 2) {
      leave(clients.get(i), i);
    }
    int whole = 0;
    for (int i = 0; i < CLIENTS; i += 2) {
      try (RawClient staying = clients.get(i)) {
        whole += isWhole(staying) ? 1 : 0;
      }
    }
    return new Answered(whole, CLIENTS / 2 - whole);
  }

  private static void leave(RawClient client, int number) throws IOException {
    if (number % 8 != 1) {
      client.readLine();
    }
    if (number % 8 == 3) {
      client.read(new byte[3 * Origin.PIECE]);
    }
    if (number % 4 == 1) {
      client.closeRst();
    } else {
      client.closeFin();
    }
  }

  private static boolean isWhole(RawClient client) {
    try {
      RawResponse response = client.readResponse();
      return response.status() == 200
          && response.isComplete()
          && response.bodyBytes().length == Origin.PIECES * Origin.PIECE;
    } catch (IOException e) {
      return false;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void proxy_whoseClientsLeave_endsEveryExchange_andAnswersTheOthersWhole_G13(Container container)
      throws Exception {
    Seen<Answered> raw = proxy(Kind.RAW, container);
    proxy(Kind.FILTERED, container).assertNoWorseThan(raw);
    assertThat(raw.what()).isEqualTo(new Answered(WAVES * CLIENTS / 2, 0));
  }
}
