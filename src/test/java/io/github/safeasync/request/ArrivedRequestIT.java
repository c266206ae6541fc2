package io.github.safeasync.request;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.request.PartialRequest.Way;
import io.github.safeasync.response.LateWork;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: a request that arrived whole before its client left is what it is on the raw container,
 * whose application has not noticed, for the work that begins with it when it has.
 */
class ArrivedRequestIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What the work does with the request. */
  enum Work {
    STREAM("text/plain") {
      @Override
      Object with(HttpServletRequest request) throws IOException {
        return new String(request.getInputStream().readAllBytes());
      }
    },
    READER("text/plain") {
      @Override
      Object with(HttpServletRequest request) throws IOException {
        return request.getReader().lines().toList();
      }
    },
    FORM("application/x-www-form-urlencoded") {
      @Override
      Object with(HttpServletRequest request) {
        return request.getParameter("a") + Collections.list(request.getParameterNames());
      }
    },
    PARTS("multipart/form-data; boundary=xx") {
      @Override
      Object with(HttpServletRequest request) throws IOException, ServletException {
        Part part = request.getPart("p");
        try (InputStream in = part.getInputStream()) {
          return part.getName() + new String(in.readAllBytes());
        }
      }
    },
    HEADERS("text/plain") {
      @Override
      Object with(HttpServletRequest request) {
        return said(request);
      }
    };

    private final String contentType;

    Work(String contentType) {
      this.contentType = contentType;
    }

    abstract Object with(HttpServletRequest request) throws IOException, ServletException;

    PartialRequest post(TestServer server, String path) throws Exception {
      String body =
          switch (this) {
            case FORM -> "a=" + "x".repeat(2998);
            case PARTS ->
                "--xx\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n%s\r\n--xx--\r\n"
                    .formatted("x".repeat(2900));
            case STREAM, READER, HEADERS -> "x".repeat(3000);
          };
      return PartialRequest.post(server, path + "?q=1", contentType, body.length(), body);
    }
  }

  /** What a request says of itself, but what tells one twin from the other. */
  private static String said(HttpServletRequest request) {
    Cookie[] cookies = request.getCookies();
    return String.join(
        " ",
        String.valueOf(request.getHeader("X-Custom")),
        String.valueOf(request.getHeader("x-none")),
        Collections.list(request.getHeaders("Host")).toString(),
        Collections.list(request.getHeaderNames()).stream()
            .map(String::toLowerCase)
            .sorted()
            .toList()
            .toString(),
        Integer.toString(request.getIntHeader("Content-Length")),
        Long.toString(request.getDateHeader("If-Modified-Since")),
        String.valueOf(request.getContentType()),
        Integer.toString(request.getContentLength()),
        Long.toString(request.getContentLengthLong()),
        String.valueOf(request.getCharacterEncoding()),
        cookies == null ? "none" : Arrays.stream(cookies).map(Cookie::getName).toList().toString(),
        request.getParameter("q"),
        String.valueOf(request.getParameter("none")),
        request.getHttpServletMapping().getPattern(),
        request.getMethod(),
        request.getQueryString(),
        request.getLocale().toString(),
        String.valueOf(request.getUserPrincipal()),
        request.getLocalAddr(),
        request.getServerName());
  }

  private final Map<String, CompletableFuture<String>> outcomes = new ConcurrentHashMap<>();

  private CompletableFuture<String> outcome(String path) {
    return outcomes.computeIfAbsent(path, each -> new CompletableFuture<>());
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void isReadAfterTheDeparture_asOnTheContainer_G13(Container container, Transport transport)
      throws Exception {
    new LateWork<>(Work.class, Work::post, (work, request) -> work.with(request).toString())
        .compare(
            container,
            transport,
            (work, path, raw, guarded) -> {
              if (raw.equals(LateWork.FAILED) && work == Work.HEADERS) {
                // The container has recycled what the guard remembers.
                assertThat(guarded).as(path).contains("POST q=1");
              } else {
                assertThat(guarded).as(path).isEqualTo(raw);
              }
            });
  }

  /** What has come whole is not taken for cut off. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void isReadWhileTheClientStays_asOnTheContainer_G13(Container container, Transport transport)
      throws Exception {
    new LateWork<>(Work.class, Work::post, (work, request) -> work.with(request).toString())
        .compare(
            container,
            transport,
            List.of(Way.STAYS),
            (work, path, raw, guarded) ->
                assertThat(guarded).as(path).isEqualTo(raw).isNotEqualTo(LateWork.FAILED));
  }

  private static final int MEBIBYTE = 1 << 20;

  /** Reads slowly, so that the FIN has come long before the end is read. */
  private void sumUp(HttpServletRequest request) {
    String path = request.getRequestURI();
    AsyncContext context = request.startAsync();
    context.setTimeout(60_000);
    Thread worker =
        new Thread(
            () -> {
              CRC32 sum = new CRC32();
              byte[] piece = new byte[8 << 10];
              try {
                InputStream body = request.getInputStream();
                for (int read; (read = body.read(piece)) >= 0; ) {
                  sum.update(piece, 0, read);
                  LockSupport.parkNanos(2_000_000);
                }
                outcome(path).complete(Long.toString(sum.getValue()));
              } catch (Throwable e) {
                outcome(path).complete(e.toString());
              } finally {
                Twins.complete(context);
              }
            });
    worker.start();
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12}) // 1.3 sends tickets, unread: FIN becomes RST
  void finRightBehindTheLastByte_slowReaderGetsAll_G13(Container container, Transport transport)
      throws Exception {
    byte[] body = new byte[MEBIBYTE];
    ThreadLocalRandom.current().nextBytes(body);
    CRC32 sum = new CRC32();
    sum.update(body);
    try (TestServer server =
        Twins.start(container, transport, SafeAsyncConfig.defaults(), this::sumUp)) {
      for (int i = 0; i < UPLOADS; i++) {
        try (PartialRequest client =
            PartialRequest.post(
                server, Twins.GUARDED + "/" + i, "application/octet-stream", MEBIBYTE, "")) {
          client.send(body);
          client.leave(Way.FIN);
        }
      }
      for (int i = 0; i < UPLOADS; i++) {
        assertThat(outcome(Twins.GUARDED + "/" + i).get(60, SECONDS))
            .as("upload %s", i)
            .isEqualTo(Long.toString(sum.getValue()));
      }
    }
  }

  private static final int UPLOADS = Integer.getInteger("safeasync.uploads", 8);

  /** The socket of a request that nobody reads is not kept for ever. All at once, as it takes. */
  @Test
  void isNotKeptForEver_whereNobodyReads_G8() throws Exception {
    List<Unread> all = new ArrayList<>();
    try {
      for (Container container : Container.available()) {
        all.add(new Unread(container));
      }
      for (Unread each : all) {
        each.leave();
      }
      for (Unread each : all) {
        Witness.await().atMost(Duration.ofSeconds(40)).until(each::isClosed);
      }
    } finally {
      for (Unread each : all) {
        each.close();
      }
    }
  }

  /** A request that came whole, and that nobody reads. */
  private static final class Unread implements AutoCloseable {

    private final CompletableFuture<Exchange> exchange = new CompletableFuture<>();
    private final Site site;
    private final PartialRequest client;

    Unread(Container container) throws Exception {
      site =
          Site.start(
              container,
              Transport.PLAIN,
              SafeAsyncConfig.defaults(),
              app -> app.handler("/never", (request, response) -> never(request)));
      client = PartialRequest.post(site.server(), "/never", "text/plain", 3000, "x".repeat(3000));
    }

    private void never(HttpServletRequest request) {
      request.startAsync().setTimeout(0);
      exchange.complete(Exchange.of(request));
    }

    void leave() throws Exception {
      exchange.get(20, SECONDS);
      client.leave(Way.FIN);
      Witness.await().atMost(PATIENCE).until(() -> !exchange.join().isLive());
    }

    boolean isClosed() {
      return exchange.join().lifecycle().phase() == Lifecycle.Phase.CLOSED;
    }

    @Override
    public void close() throws Exception {
      client.close();
      site.close();
    }
  }
}
