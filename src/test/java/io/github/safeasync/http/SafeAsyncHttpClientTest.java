package io.github.safeasync.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.internal.exchange.FreeExchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls of java.net.http end with the exchange that was current where they were made. */
class SafeAsyncHttpClientTest {

  private static final String REASON = "was aborted: The exchange ended DISCONNECTED";

  private final ExecutorService caller = Executors.newSingleThreadExecutor();
  private final FreeExchange exchange = new FreeExchange("GET");
  private final HttpClient raw = HttpClient.newHttpClient();
  private final HttpClient client = SafeAsyncHttpClient.around(raw);
  private Upstream upstream;

  @BeforeEach
  void start() throws IOException {
    upstream = new Upstream();
  }

  @AfterEach
  void stop() throws IOException {
    upstream.close();
    exchange.close();
    caller.shutdownNow();
  }

  private HttpRequest to(String path) {
    return HttpRequest.newBuilder(upstream.uri(path)).build();
  }

  private <T> Future<T> forExchange(Callable<T> call) {
    return forExchange(exchange, call);
  }

  private <T> Future<T> forExchange(FreeExchange of, Callable<T> call) {
    return caller.submit(of.token().wrap(call));
  }

  private void askedFor(String path) throws InterruptedException {
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo(path);
  }

  private void leftBy(String path) throws InterruptedException {
    assertThat(upstream.left().poll(10, SECONDS)).isEqualTo(path);
  }

  private static Throwable failureOf(Future<?> call) {
    return catchThrowable(() -> call.get(10, SECONDS)).getCause();
  }

  @Test
  void send_isAborted_andLeavesNoInterrupt_G9() throws Exception {
    Future<?> call = forExchange(() -> client.send(to("/silent"), BodyHandlers.ofString()));
    askedFor("/silent");
    exchange.hangUp();
    assertThat(failureOf(call)).isInstanceOf(IOException.class).hasMessageContaining(REASON);
    leftBy("/silent");
    assertThat(caller.submit(Thread::interrupted).get()).isFalse();
    await().until(() -> exchange.bound() == 0);
  }

  @Test
  void send_whoseBodyIsStillComing_isAborted_G9() throws Exception {
    Future<?> call = forExchange(() -> client.send(to("/stream"), BodyHandlers.ofString()));
    askedFor("/stream");
    exchange.hangUp();
    assertThat(failureOf(call)).isInstanceOf(IOException.class);
    leftBy("/stream");
  }

  @Test
  void sendAsync_isAborted_G9() throws Exception {
    CompletableFuture<?> call =
        forExchange(() -> client.sendAsync(to("/silent"), BodyHandlers.ofString())).get();
    askedFor("/silent");
    CompletableFuture<?> dependent = call.thenApply(answer -> answer);
    exchange.hangUp();
    assertThat(failureOf(call)).isInstanceOf(IOException.class).hasMessageContaining(REASON);
    assertThat(failureOf(dependent)).isInstanceOf(IOException.class);
    leftBy("/silent");
  }

  @Test
  void streamThatIsBeingRead_fails_G9() throws Exception {
    AtomicReference<byte[]> first = new AtomicReference<>();
    Future<?> call =
        forExchange(
            () -> {
              InputStream body = client.send(to("/stream"), BodyHandlers.ofInputStream()).body();
              first.set(body.readNBytes(5));
              return body.read();
            });
    await().until(() -> first.get() != null);
    assertThat(new String(first.get(), UTF_8)).isEqualTo("tick\n");
    exchange.hangUp();
    assertThat(failureOf(call)).isInstanceOf(IOException.class).hasStackTraceContaining(REASON);
    leftBy("/stream");
  }

  @Test
  void whatWasReadOrClosed_isBoundToNothing() throws Exception {
    HttpResponse<String> whole =
        forExchange(() -> client.send(to("/done"), BodyHandlers.ofString())).get();
    assertThat(whole.body()).isEqualTo("done");
    await().until(() -> exchange.bound() == 0);
    InputStream closed =
        forExchange(() -> client.send(to("/stream"), BodyHandlers.ofInputStream()).body()).get();
    assertThat(exchange.bound()).isEqualTo(1);
    closed.close();
    assertThat(exchange.bound()).isZero();
  }

  @Test
  void workThatIsSpared_goesOn() throws Exception {
    try (FreeExchange post = new FreeExchange("POST")) {
      Future<HttpResponse<InputStream>> call =
          forExchange(post, () -> client.send(to("/stream"), BodyHandlers.ofInputStream()));
      post.hangUp();
      assertThat(call.get(10, SECONDS).body().readNBytes(5)).hasSize(5);
      Future<HttpResponse<String>> later =
          forExchange(post, () -> client.send(to("/done"), BodyHandlers.ofString()));
      assertThat(later.get(10, SECONDS).body()).isEqualTo("done");
    }
  }

  @Test
  void callThatWouldBeginLater_isNotMade() throws Exception {
    exchange.hangUp();
    Future<?> sent = forExchange(() -> client.send(to("/done"), BodyHandlers.ofString()));
    assertThat(failureOf(sent)).isInstanceOf(IOException.class).hasMessageContaining(REASON);
    CompletableFuture<?> sentAsync =
        forExchange(() -> client.sendAsync(to("/done"), BodyHandlers.ofString())).get();
    assertThat(failureOf(sentAsync)).isInstanceOf(IOException.class);
    assertThat(upstream.asked()).isEmpty();
  }

  @Test
  void withoutAnExchange_isTheClientsOwn() throws Exception {
    assertThat(client.send(to("/done"), BodyHandlers.ofString()).body()).isEqualTo("done");
    assertThat(client.version()).isEqualTo(raw.version());
    assertThat(client.executor()).isEqualTo(raw.executor());
    assertThat(client.newWebSocketBuilder()).isNotNull();
  }

  @Test
  void cancelByTheCaller_abortsTheCall() throws Exception {
    CompletableFuture<HttpResponse<String>> call =
        forExchange(() -> client.sendAsync(to("/silent"), BodyHandlers.ofString())).get();
    askedFor("/silent");
    call.thenApply(HttpResponse::body).cancel(true);
    leftBy("/silent");
    await().until(() -> exchange.bound() == 0);
    assertThat(call).isCompletedExceptionally();
  }

  @Test
  void interruptByAnother_isTheCallers() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Future<?> call =
        forExchange(
            () -> {
              thread.set(Thread.currentThread());
              return client.send(to("/silent"), BodyHandlers.ofString());
            });
    askedFor("/silent");
    thread.get().interrupt();
    assertThat(failureOf(call)).isInstanceOf(InterruptedException.class);
    leftBy("/silent");
  }

  /** What goes wrong has the types and messages of the raw client. */
  @Test
  void failures_areThoseOfTheClient() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    HttpRequest refused = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + free)).build();
    HttpRequest late =
        HttpRequest.newBuilder(upstream.uri("/silent")).timeout(Duration.ofMillis(100)).build();
    for (HttpRequest request : new HttpRequest[] {refused, late}) {
      Throwable expected = catchThrowable(() -> raw.send(request, BodyHandlers.ofString()));
      Throwable thrown =
          failureOf(forExchange(() -> client.send(request, BodyHandlers.ofString())));
      assertThat(thrown).hasSameClassAs(expected);
      assertThat(thrown.getMessage()).isEqualTo(expected.getMessage());
      Throwable async =
          failureOf(forExchange(() -> client.sendAsync(request, BodyHandlers.ofString())).get());
      assertThat(async).isInstanceOf(IOException.class);
    }
    await().until(() -> exchange.bound() == 0);
  }

  @Test
  void closing_isTheClients() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "there is nothing to close before JDK 21");
    HttpClient.class.getMethod("close").invoke(client);
    assertThat((Boolean) HttpClient.class.getMethod("isTerminated").invoke(raw)).isTrue();
    assertThat(catchThrowable(() -> client.send(to("/done"), BodyHandlers.ofString())))
        .isInstanceOf(IOException.class);
  }
}
