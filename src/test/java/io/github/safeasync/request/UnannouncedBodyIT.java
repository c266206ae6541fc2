package io.github.safeasync.request;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: over HTTP/2 a GET may have a body that no header announces. Whoever has read some of it is
 * not told that this was all when its client has reset the stream.
 */
class UnannouncedBodyIT {

  private static final String SOME = "some";

  /** What was read, when the listener heard of the departure, and what was read then. */
  private record Visit(
      CompletableFuture<String> some,
      CompletableFuture<Void> told,
      CompletableFuture<String> next) {

    Visit() {
      this(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    }
  }

  private volatile Visit current = new Visit();

  private void serve(HttpServletRequest request) throws IOException {
    Visit visit = current;
    ServletInputStream body = request.getInputStream();
    AsyncContext context = request.startAsync();
    context.addListener(
        new DeafListener() {
          @Override
          public void onError(AsyncEvent event) {
            visit.told.complete(null);
          }
        });
    new Thread(
            () -> {
              try {
                visit.some.complete(new String(body.readNBytes(SOME.length()), US_ASCII));
                visit.told.get(20, SECONDS);
                visit.next.complete("read " + body.read());
              } catch (IOException cut) {
                visit.next.complete("IOException");
              } catch (Exception e) {
                // Raw Tomcat may have its objects back already.
                visit.next.complete(e.getClass().getName());
              } finally {
                Twins.complete(context);
              }
            })
        .start();
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C})
  void bodyOfAGet_isCutOff_andThrows_G13(Container container, Transport transport)
      throws Exception {
    assumeFalse(
        container == Container.UNDERTOW,
        "Undertow 2.3.26 gives a blocking read nothing of such a body, without the filter as well");
    try (TestServer server =
        Twins.start(container, transport, SafeAsyncConfig.defaults(), this::serve)) {
      for (String path : Twins.BOTH) {
        Visit visit = new Visit();
        current = visit;
        try (Http2Client client = Http2Client.connect(server)) {
          Http2Exchange exchange = client.upload("GET", path + "/body");
          exchange.send(SOME, false);
          assertThat(visit.some.get(20, SECONDS)).isEqualTo(SOME);
          exchange.reset();
          client.awaitTaken();
          if (path.equals(Twins.RAW)) {
            visit.told.complete(null);
          }
          String next = visit.next.get(20, SECONDS);
          // What Tomcat gives without the filter, whose application learns of nothing, is "read
          // -1".
          if (path.equals(Twins.GUARDED) || container.isJetty()) {
            assertThat(next).as(path).isEqualTo("IOException");
          }
        }
      }
    }
  }
}
