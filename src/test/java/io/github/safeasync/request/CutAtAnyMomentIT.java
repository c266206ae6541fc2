package io.github.safeasync.request;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: a blocking upload over HTTP/2 that announces no length, and whose client leaves, at any
 * moment before its servlet reads it or while it does, fails as a cut one: it does not read as one
 * that has ended, and throws nothing of the container's own trouble. One that had come whole may be
 * read.
 */
class CutAtAnyMomentIT {

  private static final int TRIES = Tries.of(600);
  private static final int CLIENTS = 8;
  private static final int MOST_BYTES = 40_000;
  private static final int MOST_NANOS = 1_500_000;

  /** In this time a stream that was not reset before it has reached its servlet. */
  private static final long UNSERVED_MILLIS = 100;

  private static final String PART = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";

  private static final String WHOLE = "whole";
  private static final String OTHER_BYTES = "other bytes";

  private interface Body {
    String from(HttpServletRequest request) throws IOException, ServletException;
  }

  /** A way to read all of a body, whose value is one letter again and again. */
  private enum Reading {
    READ("text/plain", "", "", CutAtAnyMomentIT::read),
    READ_ALL_BYTES("text/plain", "", "", in -> text(in.getInputStream().readAllBytes())),
    PARTS(
        "multipart/form-data; boundary=xx",
        PART,
        "\r\n--xx--\r\n",
        in -> text(in.getPart("a").getInputStream().readAllBytes())),
    PARAMETER("application/x-www-form-urlencoded", "a=", "", in -> in.getParameter("a"));

    private final String contentType;
    private final String head;
    private final String tail;
    private final Body body;

    Reading(String contentType, String head, String tail, Body body) {
      this.contentType = contentType;
      this.head = head;
      this.tail = tail;
      this.body = body;
    }

    /** As the container alone fails: Jetty wraps what reading parts throws, or parameters. */
    Set<String> failures() {
      return switch (this) {
        case READ, READ_ALL_BYTES -> Set.of("IOException");
        case PARTS -> Set.of("IOException", "ServletException");
        case PARAMETER -> Set.of("IllegalStateException", "BadMessageException");
      };
    }
  }

  private static String read(HttpServletRequest in) throws IOException {
    StringBuilder read = new StringBuilder();
    byte[] some = new byte[1000];
    for (int n; (n = in.getInputStream().read(some)) >= 0; ) {
      read.append(new String(some, 0, n, US_ASCII));
    }
    return read.toString();
  }

  private static String text(byte[] read) {
    return new String(read, US_ASCII);
  }

  /** What is sent: how it is read, one letter again and again, and whether that is all. */
  private record Upload(Reading reading, String value, boolean ended) {

    static Upload of(int number, Random random) {
      String letter = String.valueOf((char) ('a' + number % 26));
      return new Upload(
          Reading.values()[number % Reading.values().length],
          letter.repeat(random.nextInt(MOST_BYTES)),
          random.nextBoolean());
    }

    static Upload of(String path) {
      int number = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
      return of(number, new Random(number));
    }

    PartialRequest post(TestServer server, String path) throws Exception {
      String body = reading.head + value + (ended ? reading.tail : "");
      return PartialRequest.post(
          server, path, reading.contentType, ended ? body.length() : PartialRequest.CHUNKED, body);
    }

    String outcome(HttpServletRequest request) {
      try {
        String read = reading.body.from(request);
        if (ended) {
          return value.equals(read) ? WHOLE : OTHER_BYTES;
        }
        return read == null || value.startsWith(read) ? "its end" : OTHER_BYTES;
      } catch (IOException cut) {
        return "IOException";
      } catch (IllegalStateException cut) {
        return "IllegalStateException";
      } catch (ServletException | RuntimeException thrown) {
        return thrown.getClass().getSimpleName();
      }
    }

    boolean allows(String outcome) {
      return outcome.equals(WHOLE) || reading.failures().contains(outcome);
    }
  }

  /**
   * Undertow gives the buffers of a lost connection away while they are read. That can be told
   * between two reads, and not of what one call reads to its end.
   */
  private static boolean canBeTold(String wrong, Container container) {
    return container != Container.UNDERTOW
        || wrong.startsWith(Reading.READ + " ")
        || !wrong.endsWith(OTHER_BYTES);
  }

  private final Set<String> begun = ConcurrentHashMap.newKeySet();
  private final Map<String, CompletableFuture<String>> outcomes = new ConcurrentHashMap<>();

  private CompletableFuture<String> outcome(String path) {
    return outcomes.computeIfAbsent(path, each -> new CompletableFuture<>());
  }

  private void serve(HttpServletRequest request) {
    String path = request.getRequestURI();
    begun.add(path);
    outcome(path).complete(Upload.of(path).outcome(request));
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void fails_asCut_G13(Container container, Transport transport) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().build();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (Logs logs = Logs.swallow();
        TestServer server = Twins.start(container, transport, config, this::serve)) {
      List<Callable<Void>> tries = new ArrayList<>();
      for (int i = 0; i < TRIES; i++) {
        int number = i;
        tries.add(() -> cut(server, number));
      }
      for (Future<Void> each : clients.invokeAll(tries)) {
        each.get();
      }
      Map<String, Integer> wrong = new TreeMap<>();
      Map<String, Integer> wrongWithout = new TreeMap<>();
      for (String path : begun) {
        boolean isRaw = path.startsWith(Twins.RAW);
        String seen = isRaw ? outcome(path).getNow("held") : outcome(path).get(20, SECONDS);
        Upload sent = Upload.of(path);
        if (!sent.allows(seen)) {
          (isRaw ? wrongWithout : wrong).merge(sent.reading + " " + seen, 1, Integer::sum);
        }
      }
      System.out.printf(
          "%s %s: of %d without the filter %s, behind it %s%n",
          container, transport, TRIES, wrongWithout, wrong);
      wrong.keySet().removeIf(each -> !canBeTold(each, container));
      assertThat(wrong).as("of %d on %s %s", TRIES, container, transport).isEmpty();
    } finally {
      clients.shutdownNow();
    }
  }

  private Void cut(TestServer server, int number) throws Exception {
    List<PartialRequest.Way> ways = PartialRequest.Way.of(server.transport());
    PartialRequest.Way way = ways.get(number / Reading.values().length % ways.size());
    for (String twin : Twins.BOTH) {
      Random random = new Random(number);
      String path = twin + "/" + number;
      try (PartialRequest client = Upload.of(number, random).post(server, path)) {
        LockSupport.parkNanos(random.nextInt(MOST_NANOS));
        client.leave(way);
        awaitServed(path);
      }
    }
    return null;
  }

  /** A stream that is reset at once may never be served. */
  private void awaitServed(String path) throws Exception {
    try {
      String unused = outcome(path).get(UNSERVED_MILLIS, MILLISECONDS);
    } catch (TimeoutException unserved) {
      // Whether it was is seen at the end.
    }
  }
}
