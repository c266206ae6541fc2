package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The client of one {@link Play}. */
abstract class Visit implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** What every request brings beside its body. */
  private static final Map<String, String> FIELDS =
      Map.of("X-Given", "given", "Cookie", "given=cookie");

  private static final int FEW = 8192;

  private final Play play;

  private Visit(Play play) {
    this.play = play;
  }

  static Visit of(TestServer server, Play play) throws Exception {
    return server.transport().isHttp2() ? new OverHttp2(server, play) : new OverHttp1(server, play);
  }

  /** Plays the client's part, whatever meets it. */
  void take(String path) throws Exception {
    try {
      visit(path);
    } catch (IOException | ExecutionException | TimeoutException e) {
      play.heard("failed");
    }
  }

  /** Sends the request, leaves where the application stands then, and notes what comes. */
  private void visit(String path) throws Exception {
    SmallApplication application = play.application();
    open(application, path);
    String sent = application.sentBefore(play.point());
    if (application.isPost()) {
      send(sent, sent.length() == application.body().length());
    }
    if (play.point() != Point.NONE) {
      if (!play.awaitArrival()) {
        play.heard("never came to the station");
      }
      leave(play.way());
      play.hasLeft();
    }
    if (play.way().reads()) {
      play.heard(read());
    }
    again();
  }

  abstract void open(SmallApplication application, String path) throws Exception;

  abstract void send(String text, boolean last) throws Exception;

  abstract void leave(Way way) throws Exception;

  /** Returns how the response came. */
  abstract String read() throws Exception;

  /** Asks for another response on the connection, if that is open still. */
  abstract void again() throws Exception;

  private static final class OverHttp1 extends Visit {
    private final RawClient client;
    private final Play play;
    private boolean open = true;

    OverHttp1(TestServer server, Play play) throws IOException {
      super(play);
      this.play = play;
      this.client =
          RawClient.connect(server, socket -> socket.setReceiveBufferSize(FEW))
              .readTimeout(PATIENCE);
    }

    @Override
    void open(SmallApplication application, String path) throws IOException {
      StringBuilder head = new StringBuilder(application.isPost() ? "POST " : "GET ");
      head.append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
      FIELDS.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
      if (application.isPost()) {
        head.append("Content-Type: ").append(application.contentType()).append("\r\n");
        head.append("Content-Length: ").append(application.body().length()).append("\r\n");
      }
      client.send(head.append("\r\n").toString());
    }

    @Override
    void send(String text, boolean last) throws IOException {
      client.send(text);
    }

    @Override
    void leave(Way way) throws IOException {
      open = way == Way.STAYS;
      switch (way) {
        case STAYS -> {}
        case FIN -> client.closeFin();
        case TRUNCATION -> client.closeAbrupt();
        case RST -> client.closeRst();
        case HALF_CLOSE -> client.halfClose();
        case STREAM_RESET, GOAWAY -> throw new IllegalArgumentException(way.toString());
      }
    }

    @Override
    String read() {
      try {
        RawResponse response = client.readResponse();
        open &=
            response.isComplete()
                && response.header("Connection").filter("close"::equalsIgnoreCase).isEmpty();
        return response.status() + (response.isComplete() ? " whole" : " cut off");
      } catch (SocketTimeoutException e) {
        open = false;
        return "nothing";
      } catch (IOException e) {
        open = false;
        return "closed";
      }
    }

    @Override
    void again() throws IOException {
      if (open) {
        open = false;
        try {
          play.heard("then " + client.get("/after").readResponse().body());
        } catch (EOFException | SocketException | SocketTimeoutException e) {
          play.heard("then none");
        }
      }
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  private static final class OverHttp2 extends Visit {
    private final Http2Client client;
    private final Play play;
    private Http2Exchange exchange;
    private boolean open = true;

    OverHttp2(TestServer server, Play play) throws Exception {
      super(play);
      this.play = play;
      this.client = Http2Client.connect(server);
    }

    @Override
    void open(SmallApplication application, String path) throws Exception {
      if (application.isPost()) {
        Map<String, String> fields = new java.util.HashMap<>(FIELDS);
        fields.put("Content-Type", application.contentType());
        fields.put("Content-Length", String.valueOf(application.body().length()));
        exchange = client.post(path, fields);
      } else if (play.point() == Point.BLOCKED_IN_WRITE) {
        exchange = client.getUnread(path);
      } else {
        exchange = client.get(path, FIELDS);
      }
    }

    @Override
    void send(String text, boolean last) throws Exception {
      if (last || !text.isEmpty()) {
        exchange.send(StandardCharsets.UTF_8.encode(text), last);
        client.awaitTaken();
      }
    }

    @Override
    void leave(Way way) throws Exception {
      switch (way) {
        case STAYS -> {}
        case STREAM_RESET -> exchange.reset();
        case FIN -> client.closeFin();
        case RST -> client.closeRst();
        case GOAWAY -> client.goAwayAndClose();
        case TRUNCATION, HALF_CLOSE -> throw new IllegalArgumentException(way.toString());
      }
      open = way == Way.STAYS || way == Way.STREAM_RESET;
    }

    @Override
    String read() throws Exception {
      try {
        RawResponse.End end = exchange.end().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        String how = end == RawResponse.End.COMPLETE ? " whole" : " cut off";
        return exchange.awaitStatus() + how;
      } catch (TimeoutException e) {
        return "nothing";
      } catch (ExecutionException e) {
        return "closed";
      }
    }

    @Override
    void again() throws Exception {
      if (open) {
        play.heard("then " + client.get("/after").awaitBody());
      }
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
