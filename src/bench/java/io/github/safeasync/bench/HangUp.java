package io.github.safeasync.bench;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A row of the detection benchmark: a way to hang up, on a transport.
 *
 * @param trigger what is left to the library to notice it by
 */
record HangUp(Transport transport, Kind kind, Trigger trigger) {

  /** A way to hang up. */
  enum Kind {
    /** As the operating system does it for a process that was killed. */
    FIN(RawClient::closeAbrupt, (client, exchange) -> client.closeFin()),
    /** As the operating system does it where something was left unread. */
    RST(RawClient::closeRst, (client, exchange) -> client.closeRst()),
    /** In the good order of TLS. */
    CLOSE_NOTIFY_FIN(RawClient::closeFin, null),
    /** One request of a connection that stays. */
    RST_STREAM(null, (client, exchange) -> exchange.reset()),
    /** In the good order of HTTP/2. */
    GOAWAY_FIN(null, (client, exchange) -> client.goAwayAndClose());

    private final Way1 way1;
    private final Way2 way2;

    Kind(Way1 way1, Way2 way2) {
      this.way1 = way1;
      this.way2 = way2;
    }

    private boolean isOf(Transport transport) {
      return (transport.isHttp2() ? way2 != null : way1 != null)
          && (this != CLOSE_NOTIFY_FIN || transport.isSecure());
    }
  }

  /** What the library is left with. */
  enum Trigger {
    /** Everything. */
    ALL,
    /** The kernel's table, as the container is made an unknown one. */
    POLLING
  }

  private interface Way1 {
    void of(RawClient client) throws Exception;
  }

  private interface Way2 {
    void of(Http2Client client, Http2Exchange exchange) throws Exception;
  }

  /** A request that is pending, and can be hung up. */
  interface Line {
    void hangUp() throws Exception;

    void close() throws Exception;
  }

  /**
   * The rows that {@code -Dtransports}, {@code -Dkinds} and {@code -Dtriggers} leave, lists each.
   */
  static List<HangUp> chosen() {
    List<HangUp> rows = new ArrayList<>();
    for (Trigger trigger : chosen("triggers", Trigger.class)) {
      for (Transport transport : chosen("transports", Transport.class)) {
        for (Kind kind : chosen("kinds", Kind.class)) {
          if (kind.isOf(transport)
              && (trigger != Trigger.POLLING || transport == Transport.PLAIN)) {
            rows.add(new HangUp(transport, kind, trigger));
          }
        }
      }
    }
    return rows;
  }

  private static <E extends Enum<E>> List<E> chosen(String property, Class<E> type) {
    String names = System.getProperty(property);
    return names == null
        ? List.of(type.getEnumConstants())
        : Arrays.stream(names.split(",")).map(name -> Enum.valueOf(type, name.strip())).toList();
  }

  boolean isPolled() {
    return trigger == Trigger.POLLING;
  }

  /** Sends a request to {@code /take}. */
  Line open(TestServer server) throws Exception {
    return transport.isHttp2() ? http2(server) : http1(server);
  }

  private Line http1(TestServer server) throws Exception {
    RawClient client = RawClient.connect(server);
    // TLS 1.3 sends tickets after the handshake; unread they would make a reset of every close.
    client.get("/plain").readResponse();
    client.get("/take");
    return new Line() {
      @Override
      public void hangUp() throws Exception {
        kind.way1.of(client);
      }

      @Override
      public void close() throws Exception {
        client.close();
      }
    };
  }

  /** On a connection of its own: containers take many resets of one for an attack. */
  private Line http2(TestServer server) throws Exception {
    Http2Client client = Http2Client.connect(server);
    Http2Exchange exchange = client.get("/take");
    return new Line() {
      @Override
      public void hangUp() throws Exception {
        kind.way2.of(client, exchange);
      }

      @Override
      public void close() {
        client.close();
      }
    };
  }
}
