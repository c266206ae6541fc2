package io.github.safeasync.chaos;

import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLException;

/** Over HTTP/1.1. */
final class Http1Visitor extends Visitor {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Of those who leave in any case. */
  private static final Duration IMPATIENCE = Duration.ofMillis(300);

  private static final int PIECE = 1_000;

  private final TestServer server;
  private RawClient client;

  Http1Visitor(TestServer server) {
    this.server = server;
  }

  @Override
  void visit(Entry entry) throws Exception {
    Plan plan = entry.plan();
    boolean isFresh = client == null;
    if (isFresh) {
      client =
          plan.departure() == Departure.NEVER_READS
              ? RawClient.connect(server, socket -> socket.setReceiveBufferSize(PIECE))
              : RawClient.connect(server);
      client.readTimeout(PATIENCE);
    }
    try {
      send(plan);
      if (plan.departure() == Departure.NONE) {
        stay(entry);
      } else {
        leave(entry);
      }
    } catch (SocketTimeoutException silence) {
      entry.fault(Fault.NO_ANSWER, silence.toString());
      hangUp();
    } catch (EOFException | SocketException | SSLException closed) {
      if (plan.isAnswered()) {
        entry.fault(Fault.NO_ANSWER, (isFresh ? "" : "on a kept connection: ") + closed);
      }
      hangUp();
    } finally {
      entry.left(String.valueOf(plan.departure()));
    }
  }

  private void send(Plan plan) throws IOException {
    if (!plan.kind().isUpload()) {
      client.get(plan.path());
      return;
    }
    client.send(
        "POST "
            + plan.path()
            + " HTTP/1.1\r\nHost: localhost\r\n"
            + (plan.isChunked() ? "Transfer-Encoding: chunked" : "Content-Length: " + plan.upload())
            + "\r\n\r\n");
    client.send(plan.isChunked() ? chunks(plan) : new byte[plan.sent()]);
  }

  /** The last one is cut off where the upload is. */
  private static byte[] chunks(Plan plan) {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    for (int sent = 0; sent < plan.sent(); sent += PIECE) {
      int length = Math.min(PIECE, plan.upload() - sent);
      chunks.writeBytes(String.format("%x\r\n", length).getBytes(StandardCharsets.ISO_8859_1));
      chunks.writeBytes(new byte[Math.min(length, plan.sent() - sent)]);
      if (plan.sent() - sent >= length) {
        chunks.writeBytes(new byte[] {'\r', '\n'});
      }
    }
    if (!plan.cutsUpload()) {
      chunks.writeBytes("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    return chunks.toByteArray();
  }

  private void stay(Entry entry) throws IOException {
    RawResponse response = client.readResponse();
    boolean closes =
        !response.isComplete()
            || response.header("Connection").filter("close"::equalsIgnoreCase).isPresent();
    if (closes) {
      hangUp();
    }
    judge(entry, response.status(), response.body(), response.isComplete());
  }

  private void leave(Entry entry) throws IOException {
    Plan plan = entry.plan();
    RawClient leaving = client;
    client = null;
    leaving.readTimeout(IMPATIENCE);
    try (leaving) {
      switch (plan.departure()) {
        case FIN -> {
          pause(plan);
          leaving.closeFin();
        }
        case RST, IN_UPLOAD -> {
          pause(plan);
          leaving.closeRst();
        }
        case ABRUPT, NEVER_READS -> {
          pause(plan);
          leaving.closeAbrupt();
        }
        case HALF_CLOSE -> {
          leaving.halfClose();
          requireOwn(entry, read(leaving, Integer.MAX_VALUE, PIECE));
        }
        case IN_RESPONSE -> {
          requireOwn(entry, read(leaving, plan.cut(), PIECE));
          leaving.closeRst();
        }
        case TRICKLE -> requireOwn(entry, read(leaving, Math.min(plan.cut(), PIECE / 2), 1));
        case NONE -> throw new AssertionError(plan);
      }
    }
  }

  private static String read(RawClient from, int length, int piece) throws IOException {
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    byte[] buffer = new byte[piece];
    try {
      // A response that is answered is not closed: the client has to know when it has enough.
      for (int left = length; left > 0 && !endsIn(heard); ) {
        int read = from.read(buffer);
        if (read < 0) {
          break;
        }
        heard.write(buffer, 0, read);
        left -= read;
      }
    } catch (SocketTimeoutException | SocketException | SSLException end) {
      // So far it has come.
    }
    return heard.toString(StandardCharsets.ISO_8859_1);
  }

  private static boolean endsIn(ByteArrayOutputStream heard) {
    return heard.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n0\r\n\r\n");
  }

  private void hangUp() throws IOException {
    if (client != null) {
      client.close();
      client = null;
    }
  }

  @Override
  public void close() throws IOException {
    hangUp();
  }
}
