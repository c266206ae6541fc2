package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.request.PartialRequest;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A synchronous servlet whose client leaves while it writes, and which catches what its write
 * throws and returns as if nothing was: who waits for the request's end hears of the departure.
 */
class CaughtWriteIT {

  /** Longer than this no container takes what nobody reads. */
  private static final int MOST_BYTES = 256 << 20;

  private final Map<String, CompletableFuture<String>> failures = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<CompletionStage<End>>> ends =
      new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<Void>> left = new ConcurrentHashMap<>();

  private void serve(HttpServletRequest request, HttpServletResponse response) throws IOException {
    String path = request.getRequestURI();
    ends.get(path).complete(CancellationToken.current().end());
    String failure = "none";
    try {
      OutputStream out = response.getOutputStream();
      out.write('a');
      out.flush();
      left.get(path).orTimeout(20, SECONDS).join();
      byte[] block = new byte[64 << 10];
      for (int sent = 0; sent < MOST_BYTES; sent += block.length) {
        out.write(block);
      }
    } catch (IOException cut) {
      failure = cut.toString();
    }
    failures.get(path).complete(failure);
  }

  /** The first look of the detector comes later than the write fails. */
  private static SafeAsyncConfig late() {
    return SafeAsyncConfig.builder().detectAfter(Duration.ofSeconds(60)).build();
  }

  /**
   * Undertow, if it has noticed by itself, which it says of a stream that the application has
   * closed as well: the detector tells then.
   */
  private static boolean saysNoMoreThanClosed(String failure) {
    return failure.contains("UT010029");
  }

  /**
   * Undertow does not always wake a writer that waits for the window of a stream when that is reset
   * (10 of 40 on the raw container, on two busy cores): there is nothing to compare with.
   */
  private static boolean mayStayBlocked(Container container, PartialRequest.Way way) {
    return container == Container.UNDERTOW && way == PartialRequest.Way.RST_STREAM;
  }

  private void leave(TestServer server, String path, PartialRequest.Way way) throws Exception {
    failures.put(path, new CompletableFuture<>());
    ends.put(path, new CompletableFuture<>());
    left.put(path, new CompletableFuture<>());
    PartialRequest client = PartialRequest.get(server, path);
    assertThat(ends.get(path)).succeedsWithin(Duration.ofSeconds(20));
    client.leave(way);
    left.get(path).complete(null);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void clientLeaves_servletCatchesIt_endsDisconnected_andFailsAsOnTheContainer_G6_G13(
      Container container, Transport transport) throws Exception {
    try (TestServer server = Twins.start(container, transport, late(), this::serve)) {
      for (PartialRequest.Way way : PartialRequest.Way.of(transport)) {
        if (mayStayBlocked(container, way)) {
          continue;
        }
        for (String twin : Twins.BOTH) {
          String path = twin + "/" + way;
          leave(server, path, way);
          assertThat(failures.get(path))
              .as(path)
              .succeedsWithin(Duration.ofSeconds(20))
              .isNotEqualTo("none");
        }
        End end = ends.get(Twins.GUARDED + "/" + way).get().toCompletableFuture().get(20, SECONDS);
        if (saysNoMoreThanClosed(failures.get(Twins.GUARDED + "/" + way).get())) {
          continue;
        }
        assertThat(end.kind()).as("%s", way).isEqualTo(End.Kind.DISCONNECTED);
        Departure departure = end.departure().orElseThrow();
        assertThat(departure.evidence()).as("%s", way).isEqualTo(Evidence.WRITE_FAILED);
        assertThat(departure.noticedBy()).isEqualTo("a failing write");
      }
    }
  }

  /** What it writes behind its own close fails on some containers, and says of no client. */
  private void writeBehindClose(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String path = request.getRequestURI();
    ends.get(path).complete(CancellationToken.current().end());
    OutputStream out = response.getOutputStream();
    out.write('a');
    out.close();
    String failure = "none";
    try {
      out.write('b');
      out.flush();
    } catch (IOException closed) {
      failure = "IOException";
    }
    failures.get(path).complete(failure);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void servletWritesBehindItsOwnClose_isNoDeparture_G7(Container container, Transport transport)
      throws Exception {
    try (TestServer server =
        Twins.start(container, transport, SafeAsyncConfig.defaults(), this::writeBehindClose)) {
      for (String path : Twins.BOTH) {
        failures.put(path, new CompletableFuture<>());
        ends.put(path, new CompletableFuture<>());
        try (RawClient client = RawClient.connect(server)) {
          client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
          assertThat(client.readUntilClose()).endsWith("a");
        }
      }
      assertThat(failures.get(Twins.GUARDED).get(20, SECONDS))
          .isEqualTo(failures.get(Twins.RAW).get(20, SECONDS));
      End end = ends.get(Twins.GUARDED).get().toCompletableFuture().get(20, SECONDS);
      assertThat(end.kind()).isEqualTo(End.Kind.COMPLETED);
    }
  }
}
