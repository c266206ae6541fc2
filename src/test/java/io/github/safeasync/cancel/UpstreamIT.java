package io.github.safeasync.cancel;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.HttpStatusException;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G9 across services: /a asks /b by java.net.http, /b asks /take by httpclient5, and /take thinks.
 * A client of /a that hangs up ends all three.
 */
class UpstreamIT {

  private static final int CALLS = 10;

  private final ExecutorService pool = Executors.newCachedThreadPool(UpstreamIT::threadOfTheTest);
  private final HttpClient jdk = HttpClient.newBuilder().executor(pool).build();
  private final CloseableHttpClient apache = HttpClients.createDefault();
  private final AtomicReference<TestServer> server = new AtomicReference<>();

  @AfterEach
  void stop() throws IOException {
    apache.close();
    pool.shutdownNow();
  }

  /** Not of the web application, which does not stop it. */
  private static Thread threadOfTheTest(Runnable task) {
    Thread thread = new Thread(task);
    thread.setContextClassLoader(UpstreamIT.class.getClassLoader());
    return thread;
  }

  private URI uri(String path) {
    return server.get().uri(path);
  }

  private void askByJdk(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    HttpRequest call = HttpRequest.newBuilder(uri("/b")).build();
    CompletableFuture<java.net.http.HttpResponse<String>> answer =
        jdk.sendAsync(call, java.net.http.HttpResponse.BodyHandlers.ofString());
    response.cancelOnDisconnect(answer);
    answer.whenComplete(
        response.guard(
            (java.net.http.HttpResponse<String> got, Throwable failure) -> {
              if (failure != null) {
                throw new HttpStatusException(502, failure.toString());
              }
              response.finish("a(" + got.body() + ")");
            }));
  }

  private void askByApache(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    HttpGet call = new HttpGet(uri("/take"));
    response.cancelOnDisconnect(call::cancel);
    pool.execute(
        response.guard(
            () -> {
              response.finish("b(" + body(call) + ")");
            }));
  }

  private String body(HttpGet call) {
    try {
      return apache.execute(call, answer -> EntityUtils.toString(answer.getEntity()));
    } catch (IOException e) {
      throw new HttpStatusException(502, e.toString());
    }
  }

  private Site start(Container container) throws Exception {
    Site site =
        Site.start(
            container,
            Transport.PLAIN,
            SafeAsyncConfig.defaults(),
            application ->
                application.handler("/a", this::askByJdk).handler("/b", this::askByApache));
    server.set(site.server());
    return site;
  }

  @ParameterizedTest
  @EveryContainer
  void killedClient_collapsesTheChainOfThree_G9(Container container) throws Exception {
    long[] millis = new long[CALLS];
    try (Logs logs = Logs.capture();
        Site site = start(container)) {
      for (int i = 0; i < CALLS; i++) {
        SafeAsyncResponse last;
        long killed;
        try (RawClient client = RawClient.connect(site.server())) {
          client.get("/a");
          last = site.take();
          killed = System.nanoTime();
        }
        End end = Site.endOf(last);
        millis[i] = Duration.ofNanos(System.nanoTime() - killed).toMillis();
        assertThat(end.kind()).isEqualTo(End.Kind.DISCONNECTED);
        assertThat(millis[i]).isLessThan(10_000);
      }
      logs.assertQuiet();
    }
    Arrays.sort(millis);
    System.out.printf(
        "%s: from the client's kill until the third service saw its own client hang up:"
            + " median %d ms, worst %d ms%n",
        container, millis[CALLS / 2], millis[CALLS - 1]);
  }

  @ParameterizedTest
  @EveryContainer
  void clientThatWaits_getsTheAnswerOfAllThree(Container container) throws Exception {
    try (Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/a");
      site.take().finish("c");
      RawResponse answer = client.readResponse();
      assertThat(answer.body()).isEqualTo("a(b(c))");
    }
  }
}
