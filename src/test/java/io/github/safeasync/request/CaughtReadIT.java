package io.github.safeasync.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A blocking upload that is cut off, whose servlet catches what its read throws and returns as if
 * nothing was: who waits for the request's end hears of the departure.
 */
class CaughtReadIT {

  /** What a servlet saw of its body. */
  private record Read(int bytes, String failure) {}

  private static final String LATE = "/late";
  private static final String STAYS = "/stays";

  private final Map<String, CompletableFuture<Void>> left = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<Read>> reads = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<CompletionStage<End>>> ends =
      new ConcurrentHashMap<>();

  private void serve(HttpServletRequest request) throws IOException {
    String path = request.getRequestURI();
    ends.get(path).complete(CancellationToken.current().end());
    int bytes = 0;
    String failure = "none";
    if (path.endsWith(LATE)) {
      left.get(path).orTimeout(20, SECONDS).join();
    }
    try {
      InputStream body = request.getInputStream();
      for (int read; (read = body.read(new byte[1000])) >= 0; ) {
        bytes += read;
      }
    } catch (IOException cut) {
      failure = "IOException";
    } catch (RuntimeException unchecked) {
      failure = "unchecked";
    }
    reads.get(path).complete(new Read(bytes, failure));
  }

  private PartialRequest post(TestServer server, String path) throws Exception {
    reads.put(path, new CompletableFuture<>());
    ends.put(path, new CompletableFuture<>());
    PartialRequest client =
        PartialRequest.post(server, path, "application/octet-stream", 100_000, "0123456789");
    // The servlet is there.
    assertThat(ends.get(path)).succeedsWithin(Duration.ofSeconds(20));
    return client;
  }

  private End endOf(String path) throws Exception {
    return ends.get(path).get().toCompletableFuture().get(20, SECONDS);
  }

  /** The first look of the detector comes later than the read fails. */
  private static SafeAsyncConfig.Builder late() {
    return SafeAsyncConfig.builder().detectAfter(Duration.ofSeconds(60));
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void uploadIsCut_servletReturns_endsDisconnected_andReadsAsOnTheContainer_G6_G13(
      Container container, Transport transport) throws Exception {
    try (TestServer server = Twins.start(container, transport, late().build(), this::serve)) {
      for (PartialRequest.Way way : PartialRequest.Way.of(transport)) {
        for (String twin : Twins.BOTH) {
          post(server, twin + "/" + way).leave(way);
        }
        Read raw = reads.get(Twins.RAW + "/" + way).get(20, SECONDS);
        Read guarded = reads.get(Twins.GUARDED + "/" + way).get(20, SECONDS);
        if (!transport.isHttp2()) {
          // Of which Undertow, and Tomcat now and then, take what was cut off for the whole.
          assertThat(raw.failure()).as("%s raw", way).isEqualTo("IOException");
        }
        assertThat(guarded.failure()).as("%s", way).isEqualTo("IOException");
        End end = endOf(Twins.GUARDED + "/" + way);
        assertThat(end.kind()).as("%s", way).isEqualTo(End.Kind.DISCONNECTED);
        Departure departure = end.departure().orElseThrow();
        assertThat(departure.evidence()).as("%s", way).isIn(evidence(transport, way));
        assertThat(departure.noticedBy()).isEqualTo("a failing read");
      }
    }
  }

  @ParameterizedTest
  @EveryTransport(Transport.H2C)
  void uploadIsCutBeforeItIsRead_endsDisconnected_G6_G13(Container container, Transport transport)
      throws Exception {
    try (TestServer server = Twins.start(container, transport, late().build(), this::serve)) {
      for (PartialRequest.Way way : PartialRequest.Way.of(transport)) {
        String path = Twins.GUARDED + "/" + way + LATE;
        left.put(path, new CompletableFuture<>());
        post(server, path).leave(way);
        left.get(path).completeOnTimeout(null, 200, MILLISECONDS);
        Read guarded = reads.get(path).get(20, SECONDS);
        assertThat(guarded.failure()).as("%s", way).isEqualTo("IOException");
        assertThat(endOf(path).kind()).as("%s", way).isEqualTo(End.Kind.DISCONNECTED);
      }
    }
  }

  /** Jetty's request, whose body fails as in the moment in which Jetty throws it away. */
  private static Request unconsumed(Request request, HttpFields.Mutable unused) {
    boolean isGivenUp = request.getHttpURI().getPath().endsWith(STAYS);
    return new Request.Wrapper(request) {
      @Override
      public Content.Chunk read() {
        Content.Chunk read = super.read();
        return isGivenUp || Content.Chunk.isFailure(read)
            ? Content.Chunk.from(new IOException("Unconsumed"))
            : read;
      }
    };
  }

  /** It says as much of a stream that its client has reset, and of one that the server gives up. */
  @ParameterizedTest
  @EveryTransport(Transport.H2C)
  void readFailsAsUnconsumed_isTheDepartureOfWhoHasReset_G6_G7(
      Container container, Transport transport) throws Exception {
    assumeTrue(container.isJetty(), "Jetty's words");
    Consumer<TestApplication> fail =
        app ->
            app.customize(
                HttpConfiguration.class, to -> to.addCustomizer(CaughtReadIT::unconsumed));
    try (TestServer server =
        Twins.start(container, transport, fail, late().build(), (in, out) -> serve(in))) {
      for (PartialRequest.Way way : PartialRequest.Way.of(transport)) {
        for (String twin : Twins.BOTH) {
          String path = twin + "/" + way;
          post(server, path).leave(way);
          assertThat(reads.get(path).get(20, SECONDS).failure()).isEqualTo("IOException");
        }
        assertThat(endOf(Twins.GUARDED + "/" + way).kind())
            .as("%s", way)
            .isEqualTo(End.Kind.DISCONNECTED);
      }
      String staying = Twins.GUARDED + STAYS;
      PartialRequest unused = post(server, staying);
      assertThat(reads.get(staying).get(20, SECONDS).failure()).isEqualTo("IOException");
      assertThat(endOf(staying).kind()).isEqualTo(End.Kind.COMPLETED);
    }
  }

  private static Set<Evidence> evidence(Transport transport, PartialRequest.Way way) {
    if (transport.isHttp2()) {
      return Set.of(Evidence.HTTP2_RESET, Evidence.CONNECTION_LOST);
    }
    // Jetty reads the end in either case, and TLS may end before what is below is reset.
    return way == PartialRequest.Way.RST
        ? Set.of(Evidence.RST, Evidence.FIN)
        : Set.of(Evidence.FIN);
  }

  /** Whether a read says which of both it was; Jetty's HttpConnection takes a reset for an end. */
  private static boolean readsResets(Container container) {
    return container.isTomcat() || container == Container.UNDERTOW;
  }

  /** Its client may have closed its sending side alone, and wait for the answer. */
  @ParameterizedTest
  @EveryContainer
  void uploadEndsTooEarly_halfCloseIsIgnored_isNoDeparture_G7(Container container)
      throws Exception {
    SafeAsyncConfig config = late().halfClose(HalfClose.IGNORE).build();
    try (TestServer server = Twins.start(container, Transport.PLAIN, config, this::serve)) {
      String finished = Twins.GUARDED + "/finished";
      post(server, finished).leave(PartialRequest.Way.FIN);
      assertThat(reads.get(finished).get(20, SECONDS).failure()).isEqualTo("IOException");
      assertThat(endOf(finished).kind()).isEqualTo(End.Kind.COMPLETED);

      String reset = Twins.GUARDED + "/reset";
      post(server, reset).leave(PartialRequest.Way.RST);
      assertThat(reads.get(reset).get(20, SECONDS).failure()).isEqualTo("IOException");
      assertThat(endOf(reset).kind())
          .isEqualTo(readsResets(container) ? End.Kind.DISCONNECTED : End.Kind.COMPLETED);
    }
  }
}
