package io.github.safeasync.request;

import static io.github.safeasync.internal.exchange.Lifecycle.Phase.CLOSED;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.response.LateWork;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: an upload that is cut off never reads as one that has ended: the same steps on the raw
 * container and behind the filter, whose application reads on when it has heard of the end.
 */
class CutUploadIT {

  private static final int ANNOUNCED = 100_000;

  /** A loop that gets no further so often never ends. */
  private static final int SPINS = 1000;

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What is to come of a reading. */
  private static final String FAILED = "IOException finished false";

  /** The ways to read a body to its end. */
  enum Reading {
    READ("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        int count = 0;
        while (request.getInputStream().read() >= 0) {
          count++;
        }
        return count;
      }
    },
    READ_ARRAY("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        int count = 0;
        byte[] buffer = new byte[1000];
        for (int read; (read = request.getInputStream().read(buffer)) >= 0; ) {
          count += read;
        }
        return count;
      }
    },
    READ_LINE("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        int count = 0;
        byte[] buffer = new byte[1000];
        for (int read; (read = request.getInputStream().readLine(buffer, 0, 1000)) >= 0; ) {
          count += read;
        }
        return count;
      }
    },
    READ_ALL_BYTES("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return request.getInputStream().readAllBytes().length;
      }
    },
    READ_N_BYTES("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return request.getInputStream().readNBytes(ANNOUNCED).length;
      }
    },
    READ_N_BYTES_INTO("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return request.getInputStream().readNBytes(new byte[ANNOUNCED], 0, ANNOUNCED);
      }
    },
    SKIP("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        long skipped = 0;
        for (long more; (more = request.getInputStream().skip(ANNOUNCED)) > 0; ) {
          skipped += more;
        }
        return skipped + request.getInputStream().read();
      }
    },
    SKIP_LOOP("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return skipAll(request.getInputStream()::skip);
      }
    },
    TRANSFER("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return request.getInputStream().transferTo(OutputStream.nullOutputStream());
      }
    },
    READER("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        int count = 0;
        while (request.getReader().read() >= 0) {
          count++;
        }
        return count;
      }
    },
    READER_LINE("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        int count = 0;
        for (String line; (line = request.getReader().readLine()) != null; ) {
          count += line.length();
        }
        return count;
      }
    },
    READER_TRANSFER("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return request.getReader().transferTo(Writer.nullWriter());
      }
    },
    READER_SKIP("text/plain") {
      @Override
      Object from(HttpServletRequest request) throws IOException {
        return skipAll(request.getReader()::skip);
      }
    },
    PARAMETER("application/x-www-form-urlencoded") {
      @Override
      Object from(HttpServletRequest request) {
        return request.getParameter("a");
      }
    },
    PARAMETERS("application/x-www-form-urlencoded") {
      @Override
      Object from(HttpServletRequest request) {
        return request.getParameterMap().keySet();
      }
    },
    PARTS("multipart/form-data; boundary=xx") {
      @Override
      Object from(HttpServletRequest request) throws IOException, ServletException {
        return request.getParts().size();
      }
    };

    private final String contentType;

    Reading(String contentType) {
      this.contentType = contentType;
    }

    abstract Object from(HttpServletRequest request) throws IOException, ServletException;

    String contentType() {
      return contentType;
    }

    boolean isOfParameters() {
      return this == PARAMETER || this == PARAMETERS;
    }

    /** Sends ten bytes of it. */
    PartialRequest post(TestServer server, String path) throws Exception {
      return post(server, path, ANNOUNCED);
    }

    private interface Skip {
      long skip(long most) throws IOException;
    }

    private static String skipAll(Skip some) throws IOException {
      long rest = ANNOUNCED;
      for (int idle = 0; rest > 0 && idle < SPINS; ) {
        long skipped = some.skip(rest);
        rest -= skipped;
        idle = skipped > 0 ? 0 : idle + 1;
      }
      return rest > 0 ? "spins" : "skipped";
    }

    private PartialRequest post(TestServer server, String path, long length) throws Exception {
      return PartialRequest.post(server, path, contentType, length, content());
    }

    /** As {@link #post}, by another method and with more header fields. */
    PartialRequest send(TestServer server, String methodAndPath, String fields) throws IOException {
      String all = "Content-Type: " + contentType + "\r\n" + fields;
      return PartialRequest.send(server, methodAndPath, all, ANNOUNCED, content());
    }

    private String content() {
      return this == PARTS ? "--xx\r\nCont" : "a=1&b=2345";
    }

    /** What came of it: the value, or of what family the exception is. */
    String outcome(HttpServletRequest request) {
      try {
        Object value = from(request);
        return "value " + value + " finished " + isFinished(request);
      } catch (IOException e) {
        return "IOException finished " + isFinished(request);
      } catch (ServletException | RuntimeException e) {
        return "unchecked";
      }
    }

    private boolean isFinished(HttpServletRequest request) {
      try {
        return name().startsWith("READ_") && request.getInputStream().isFinished();
      } catch (IOException | RuntimeException e) {
        return false;
      }
    }
  }

  private final Map<String, CompletableFuture<String>> outcomes = new ConcurrentHashMap<>();

  private CompletableFuture<String> outcome(String path) {
    return outcomes.computeIfAbsent(path, each -> new CompletableFuture<>());
  }

  private static Reading reading(String path) {
    return Reading.valueOf(path.substring(path.lastIndexOf('/') + 1));
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void afterTheDeparture_eachWayToReadFails_asOnTheContainer_G13(
      Container container, Transport transport) throws Exception {
    compare(container, transport, Reading::post);
  }

  @ParameterizedTest
  @EveryContainer
  void afterTheDeparture_eachWayToReadChunksFails_asOnTheContainer_G13(Container container)
      throws Exception {
    compare(
        container,
        Transport.PLAIN,
        (reading, server, path) -> reading.post(server, path, PartialRequest.CHUNKED));
  }

  @ParameterizedTest
  @EveryContainer
  void afterTheDeparture_eachWayToReadAnEncodedBodyFails_G13(Container container) throws Exception {
    compare(
        container,
        Transport.PLAIN,
        (reading, server, path) -> reading.send(server, "POST " + path, "Content-Encoding: gzip"));
  }

  @ParameterizedTest
  @EveryContainer
  void afterTheDeparture_eachWayToReadAPutOrAPatchFails_G13(Container container) throws Exception {
    unpostedFails(container, "PUT");
    unpostedFails(container, "PATCH");
  }

  private static void unpostedFails(Container container, String method) throws Exception {
    LateWork.Post<Reading> send =
        (reading, server, path) -> reading.send(server, method + " " + path, "X-None: a");
    new LateWork<>(Reading.class, send, Reading::outcome)
        .compare(
            container,
            Transport.PLAIN,
            (reading, path, raw, guarded) -> {
              if (reading.isOfParameters() && raw.startsWith("value")) {
                // Servlet 6.0, 3.1.1: a form that is not posted need not be read.
                assertThat(guarded).as(path).isIn(raw, "unchecked").doesNotContain("a]");
              } else {
                boolean blind = isMissed(container, Transport.PLAIN, reading);
                judge(reading, path, raw, guarded, blind);
              }
            });
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void afterTheDeparture_eachWayToReadAWrappedRequestFails_G13(
      Container container, Transport transport) throws Exception {
    compare(
        container,
        transport,
        new LateWork<>(Reading.class, Reading::post, Reading::outcome)
            .behind(
                (in, out, chain) ->
                    chain.doFilter(new HttpServletRequestWrapper((HttpServletRequest) in), out)));
  }

  private static void compare(Container container, Transport transport, LateWork.Post<Reading> post)
      throws Exception {
    compare(container, transport, new LateWork<>(Reading.class, post, Reading::outcome));
  }

  private static void compare(Container container, Transport transport, LateWork<Reading> late)
      throws Exception {
    late.compare(
        container,
        transport,
        (reading, path, raw, guarded) -> {
          boolean blind = isMissed(container, transport, reading);
          judge(reading, path, raw, guarded, blind);
        });
  }

  /**
   * Whether a container takes what was cut off for the whole: Undertow a stream of HTTP/2 and what
   * is read as text, and any of them what is skipped.
   */
  private static boolean isMissed(Container container, Transport transport, Reading reading) {
    return reading == Reading.SKIP_LOOP
        || reading == Reading.READER_SKIP
        || (container == Container.UNDERTOW
            && (transport.isHttp2() || reading.name().startsWith("READER")));
  }

  private static void judge(
      Reading reading, String path, String raw, String guarded, boolean missedByContainer) {
    if (reading.isOfParameters()) {
      // Tomcat 10.1 takes a form that is cut off for an empty one, Undertow may take it for whole.
      assertThat(guarded).as(path).isEqualTo("unchecked");
    } else if (reading == Reading.PARTS) {
      assertThat(raw).as("%s raw", path).isIn("unchecked", FAILED);
      assertThat(guarded).as(path).isIn(raw, FAILED);
    } else {
      if (!missedByContainer) {
        // A recycled request throws what is unchecked, and on Undertow says that it is finished.
        assertThat(raw).as("%s raw", path).doesNotStartWith("value");
      }
      assertThat(guarded).as(path).isEqualTo(FAILED);
    }
  }

  /** The client is there and could send the rest, but nobody serves it any more. */
  @ParameterizedTest
  @EveryContainer
  void afterAnyOtherEnd_eachWayToReadFails_G13(Container container) throws Exception {
    failsAfter(container, End.Kind.TIMED_OUT, Duration.ofMillis(300));
    failsAfter(container, End.Kind.FAILED, Duration.ofSeconds(30));
    failsAfter(container, End.Kind.COMPLETED, Duration.ofSeconds(30));
    failsAfter(container, End.Kind.SHUT_DOWN, Duration.ofSeconds(30));
  }

  private void failsAfter(Container container, End.Kind end, Duration timeout) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(timeout).build();
    try (TestServer server = Twins.start(container, Transport.PLAIN, config, this::serveToTheEnd)) {
      List<PartialRequest> clients = new ArrayList<>();
      try {
        failsAfter(server, end, clients);
      } finally {
        // Before the server: Undertow reads what is missing before it completes.
        for (PartialRequest client : clients) {
          client.close();
        }
      }
    }
  }

  private void failsAfter(TestServer server, End.Kind end, List<PartialRequest> clients)
      throws Exception {
    for (Reading reading : Reading.values()) {
      clients.add(reading.post(server, Twins.GUARDED + "/" + end + "/" + reading));
    }
    for (Reading reading : Reading.values()) {
      assertThat(outcome("started " + Twins.GUARDED + "/" + end + "/" + reading))
          .succeedsWithin(PATIENCE);
    }
    if (end == End.Kind.SHUT_DOWN) {
      server.stopApplication();
    }
    for (Reading reading : Reading.values()) {
      String path = Twins.GUARDED + "/" + end + "/" + reading;
      assertThat(outcome(path).get(20, SECONDS))
          .as(path)
          .isEqualTo(reading.isOfParameters() ? "unchecked" : FAILED);
    }
  }

  private void serveToTheEnd(HttpServletRequest request) {
    String path = request.getRequestURI();
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    // A thread of its own, as it waits: the library's are to close what is waited for.
    response.onEnd(end -> new Thread(() -> readAfter(end, request, path)).start());
    switch (End.Kind.valueOf(path.split("/")[2])) {
      case FAILED -> response.guard(CutUploadIT::fail).run();
      case COMPLETED -> response.finish();
      case TIMED_OUT, SHUT_DOWN, DISCONNECTED -> {}
    }
    outcome("started " + path).complete("");
  }

  private void readAfter(End end, HttpServletRequest request, String path) {
    // The servlet's own thread may read on until it returns.
    Witness.await().until(() -> Exchange.of(request).lifecycle().phase() == CLOSED);
    outcome(path)
        .complete(
            end.kind().toString().equals(path.split("/")[2])
                ? reading(path).outcome(request)
                : "ended " + end);
  }

  private static void fail() {
    throw new IllegalStateException("a fault of the application");
  }
}
