package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.Outcome;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.body.BodyItem;
import io.github.safeasync.internal.body.Outbox;
import io.github.safeasync.internal.exchange.ExchangeResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.OpenExchanges;
import io.github.safeasync.testkit.Outpour;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;

/** Clients that do not read pin no thread and little memory, and are let go in time (G10). */
class SlowClientIT {

  private static final int CLIENTS = Integer.getInteger("safeasync.clients", 20);
  private static final long BODY = 100L << 20;
  private static final int CHUNK = 32 * 1024;
  private static final long MARK = 256 * 1024;

  private static final int PIECE_LENGTH = 50_000;
  private static final byte PIECE = 'x';

  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
  private final AtomicLong mostPending = new AtomicLong();
  private final OpenExchanges open = new OpenExchanges();

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void clientThatNeverReads_endsByTheWriteTimeout(Container container, Transport transport)
      throws Exception {
    List<SlowReader> clients = new ArrayList<>();
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, Duration.ofSeconds(1))) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(SlowReader.open(server, "/endless"));
      }
      assertQuick(server);
      Witness.await().atMost(Witness.SOON).until(SlowClientIT::noThreadWrites);
      for (int i = 0; i < CLIENTS; i++) {
        End end = ends.poll(20, TimeUnit.SECONDS);
        assertThat(end).isNotNull();
        assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
        assertThat(end.cause()).containsInstanceOf(SlowClientException.class);
        assertThat(end.after()).isGreaterThan(Duration.ofMillis(990));
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.UNKNOWN);
      }
      assertThat(mostPending.get()).isLessThanOrEqualTo(MARK + CHUNK + BodyItem.OVERHEAD);
      assertThat(clients.get(0).read().isComplete()).isFalse();
      awaitClosed();
      logs.assertQuiet();
    } finally {
      for (SlowReader client : clients) {
        client.close();
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void clientThatReadsSlowly_getsAll(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, Duration.ofSeconds(10));
        SlowReader client = SlowReader.open(server, "/large")) {
      SlowReader.Body body = client.read();
      assertThat(body.isComplete()).isTrue();
      assertThat(body.bytes()).hasSize(8 << 20);
      assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.HANDED_OVER);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void clientThatHangsUpBeforeItHasRead_hasGone(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture()) {
      try (TestServer server = serve(container, transport, Duration.ofSeconds(30))) {
        try (SlowReader client = SlowReader.open(server, "/endless")) {
          awaitFull();
        }
        assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.DISCONNECTED);
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.CLIENT_GONE);
        awaitClosed();
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void streamThatIsNotRead_holdsUpNoOtherOfItsConnection(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture()) {
      try (TestServer server = serve(container, transport, Duration.ofSeconds(60));
          Http2Client client = Http2Client.connect(server)) {
        Http2Exchange unread = client.getUnread("/endless");
        awaitFull();
        for (int i = 0; i < Tries.of(5); i++) {
          Http2Exchange read = client.get("/large");
          assertThat(read.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
          assertThat(read.bodyBytes()).hasSize(8 << 20);
          assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.HANDED_OVER);
        }
        assertThat(unread.end()).isNotDone();
        unread.reset();
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.CLIENT_GONE);
        awaitClosed();
      }
      logs.assertQuiet();
    }
  }

  /** Of a stream that is completed beyond its client's window Tomcat 11 keeps the end for ever. */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void endBeyondTheClientsWindow_comesOnceItReads(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      for (int beyond = 0; beyond < 40_000; beyond += 2_500) {
        Http2Exchange exchange = client.getUnread("/take");
        SafeAsyncResponse response = site.take();
        byte[] body = new byte[Http2Client.STREAM_WINDOW + beyond];
        ThreadLocalRandom.current().nextBytes(body);
        response.write(body);
        response.finish();
        exchange.awaitStatus();
        exchange.read();
        assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
        assertThat(exchange.bodyBytes()).isEqualTo(body);
        assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  /**
   * Servers of events write nothing more for a long time: what was flushed must not wait for it.
   */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void whatWasFlushed_comesOnceTheClientReadsOn(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture()) {
      try (Site site = Site.start(container, transport)) {
        int full = piecesThatStopAStream(site);
        for (int pieces = Math.max(1, full - 3); pieces <= full + 1; pieces++) {
          try (SlowReader client = SlowReader.open(site.server(), "/take")) {
            SafeAsyncResponse response = site.take();
            for (int i = 0; i < pieces; i++) {
              writePiece(response);
            }
            client.readUntil(PIECE, pieces * PIECE_LENGTH);
            response.finish();
            assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
          }
        }
      }
      logs.assertQuiet();
    }
  }

  private static int piecesThatStopAStream(Site site) throws Exception {
    int pieces = 0;
    SafeAsyncResponse response;
    try (SlowReader client = SlowReader.open(site.server(), "/take")) {
      response = site.take();
      do {
        writePiece(response);
        pieces++;
      } while (pending(response) == 0);
    }
    assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.DISCONNECTED);
    return pieces;
  }

  /** Goes on when all was handed over, or no more was for a time. */
  private static void writePiece(SafeAsyncResponse response) {
    byte[] piece = new byte[PIECE_LENGTH];
    Arrays.fill(piece, PIECE);
    response.writeAndFlush(ByteBuffer.wrap(piece));
    AtomicLong last = new AtomicLong(pending(response));
    AtomicInteger looks = new AtomicInteger();
    Witness.await()
        .until(
            () -> {
              long now = pending(response);
              looks.set(last.getAndSet(now) == now ? looks.get() + 1 : 0);
              return now == 0 || looks.get() == 20;
            });
  }

  private static long pending(SafeAsyncResponse response) {
    return ((ExchangeResponse) response).pendingBytes();
  }

  /** A server that is stopped while an exchange is being completed may warn of that: Jetty does. */
  private void awaitClosed() {
    Witness.await().atMost(Witness.SOON).until(() -> open.count() == 0);
  }

  /** Until a client that does not read has made its stream stop. */
  private void awaitFull() {
    Witness.await().atMost(20, TimeUnit.SECONDS).until(() -> mostPending.get() >= MARK);
  }

  /** Threads that write are on their way, not held up by a client that takes nothing. */
  private static boolean noThreadWrites() {
    return Thread.getAllStackTraces().values().stream()
        .flatMap(Arrays::stream)
        .noneMatch(frame -> frame.getClassName().startsWith(Outbox.class.getName()));
  }

  private static void assertQuick(TestServer server) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client quick = Http2Client.connect(server)) {
        for (int i = 0; i < 50; i++) {
          assertThat(quick.get("/quick").awaitBody()).isEqualTo("quick");
        }
      }
    } else {
      try (RawClient quick = RawClient.connect(server)) {
        for (int i = 0; i < 50; i++) {
          assertThat(quick.get("/quick").readResponse().body()).isEqualTo("quick");
        }
      }
    }
  }

  private TestServer serve(Container container, Transport transport, Duration writeTimeout)
      throws Exception {
    SafeAsyncFilter filter =
        SafeAsyncFilter.create(
            SafeAsyncConfig.builder()
                .timeout(Duration.ofSeconds(60))
                .maxPendingBytes(MARK)
                .writeTimeout(writeTimeout)
                .build());
    return container.start(
        transport,
        app ->
            app.filter(filter)
                .filter(open)
                .handler("/quick", (request, raw) -> SafeAsyncResponse.of(request).finish("quick"))
                .handler("/endless", (request, raw) -> pump(SafeAsyncResponse.of(request), BODY))
                .handler("/large", (request, raw) -> pump(SafeAsyncResponse.of(request), 8 << 20)));
  }

  private void pump(SafeAsyncResponse response, long length) {
    response.onEnd(ends::add);
    response.outcome().thenAccept(outcomes::add);
    Outpour.pieces(
        response,
        Math.toIntExact(length / CHUNK),
        () -> {
          response.writeOwned(ByteBuffer.allocate(CHUNK));
          mostPending.accumulateAndGet(pending(response), Math::max);
        });
  }
}
