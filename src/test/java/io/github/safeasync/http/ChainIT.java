package io.github.safeasync.http;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G9 across services that block and know nothing of the library: {@code /a} asks {@code /b} by
 * java.net.http, {@code /b} asks {@code /c} by httpclient5, and that works. A client of {@code /a}
 * that hangs up ends all three.
 */
class ChainIT {

  private final ExecutorService pool = Threads.started(2);
  private final HttpClient jdk =
      SafeAsyncHttpClient.around(HttpClient.newBuilder().executor(pool).build());
  private final CloseableHttpClient apache =
      HttpClients.custom()
          .addExecInterceptorFirst("safe-async", SafeAsyncExecHandler.create())
          .build();
  private final AtomicReference<TestServer> server = new AtomicReference<>();
  private final BlockingQueue<CompletableFuture<String>> working = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() throws IOException {
    apache.close();
    pool.shutdownNow();
  }

  private URI uri(String path) {
    return server.get().uri(path);
  }

  private interface Answer {
    String get() throws Exception;
  }

  private void answer(String name, HttpServletResponse response, Answer answer)
      throws IOException, ServletException {
    try {
      response.getWriter().write(name + "(" + answer.get() + ")");
      ended.add(name + " answered");
    } catch (Exception e) {
      ended.add(name + " failed");
      throw new ServletException(e);
    }
  }

  private void askB(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    HttpRequest call =
        HttpRequest.newBuilder(uri("/b"))
            .method(request.getMethod(), HttpRequest.BodyPublishers.noBody())
            .build();
    answer("a", response, () -> jdk.send(call, HttpResponse.BodyHandlers.ofString()).body());
  }

  private void askC(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    HttpUriRequestBase call =
        request.getMethod().equals("POST") ? new HttpPost(uri("/c")) : new HttpGet(uri("/c"));
    answer("b", response, () -> apache.execute(call, it -> EntityUtils.toString(it.getEntity())));
  }

  private void work(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    CompletableFuture<String> work = new CompletableFuture<>();
    CancellationToken.current().bind(work);
    working.add(work);
    answer("c", response, work::get);
  }

  private TestServer start(Container container) throws Exception {
    TestServer started =
        container.start(
            application ->
                application
                    .filter(new SafeAsyncFilter())
                    .handler("/a", this::askB)
                    .handler("/b", this::askC)
                    .handler("/c", this::work));
    server.set(started);
    return started;
  }

  private CompletableFuture<String> hangUpOn(String method) throws Exception {
    try (RawClient client = RawClient.connect(server.get())) {
      client.send(method + " /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      CompletableFuture<String> work = working.poll(10, SECONDS);
      assertThat(work).isNotNull();
      return work;
    }
  }

  private String nextEnd() throws InterruptedException {
    return ended.poll(10, SECONDS);
  }

  @ParameterizedTest
  @EveryContainer
  void killedClient_collapsesTheChainOfThree_G9(Container container) throws Exception {
    try (Logs logs = Logs.swallow(); // the containers log what the servlets throw
        TestServer started = start(container)) {
      for (int i = 0; i < 3; i++) {
        CompletableFuture<String> work = hangUpOn("GET");
        // each service hears of it from the one before, whose own thread may wake later
        assertThat(List.of(nextEnd(), nextEnd(), nextEnd()))
            .containsExactlyInAnyOrder("a failed", "b failed", "c failed");
        assertThat(work).isCancelled();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void post_isUntouched(Container container) throws Exception {
    try (TestServer started = start(container)) {
      CompletableFuture<String> work = hangUpOn("POST");
      assertThat(ended.poll(300, MILLISECONDS)).isNull();
      work.complete("done");
      assertThat(nextEnd()).isEqualTo("c answered");
      assertThat(nextEnd()).isEqualTo("b answered");
      assertThat(nextEnd()).isEqualTo("a answered");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void clientThatWaits_getsTheAnswerOfAllThree(Container container) throws Exception {
    try (TestServer started = start(container);
        RawClient client = RawClient.connect(started)) {
      client.get("/a");
      working.poll(10, SECONDS).complete("done");
      assertThat(client.readResponse().body()).isEqualTo("a(b(c(done)))");
    }
  }
}
