package io.github.safeasync.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.internal.exchange.FreeExchange;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleHttpResponse;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls of httpclient5's asynchronous client end with the exchange for which they were made. */
class AsyncExecHandlerTest {

  private final FreeExchange exchange = new FreeExchange("GET");
  private final PoolingAsyncClientConnectionManager pool =
      new PoolingAsyncClientConnectionManager();
  private final CloseableHttpAsyncClient client =
      HttpAsyncClients.custom()
          .setConnectionManager(pool)
          .addExecInterceptorFirst("safe-async", SafeAsyncExecHandler.createAsync())
          .build();
  private Upstream upstream;

  @BeforeEach
  void start() throws IOException {
    upstream = new Upstream();
    pool.setDefaultMaxPerRoute(1);
    client.start();
  }

  @AfterEach
  void stop() throws IOException {
    upstream.close();
    client.close();
    exchange.close();
  }

  private Future<SimpleHttpResponse> asked(String path) {
    SimpleHttpRequest request = SimpleRequestBuilder.get(upstream.uri(path)).build();
    return client.execute(request, null);
  }

  private Future<SimpleHttpResponse> forExchange(String path) throws Exception {
    return exchange.token().wrap(() -> asked(path)).call();
  }

  private static void isCancelled(Future<?> call) {
    assertThatThrownBy(() -> call.get(10, SECONDS)).isInstanceOf(CancellationException.class);
  }

  @Test
  void callThatWaits_orIsBeingRead_isAborted_G9() throws Exception {
    Future<?> silent = forExchange("/silent");
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/silent");
    exchange.hangUp();
    isCancelled(silent);
    assertThat(upstream.left().poll(10, SECONDS)).isEqualTo("/silent");
    try (FreeExchange next = new FreeExchange("GET")) {
      Future<?> read = next.token().wrap(() -> asked("/stream")).call();
      assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/stream");
      next.hangUp();
      isCancelled(read);
      assertThat(upstream.left().poll(10, SECONDS)).isEqualTo("/stream");
    }
    assertThat(upstream.asked()).isEmpty();
    assertThat(asked("/done").get(10, SECONDS).getBodyText()).isEqualTo("done");
  }

  @Test
  void callThatWaitsForAConnection_isAborted_G9() throws Exception {
    Future<?> first = asked("/silent");
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/silent");
    Future<?> waiting = forExchange("/done");
    exchange.hangUp();
    isCancelled(waiting);
    assertThat(first).isNotDone();
    assertThat(upstream.asked()).isEmpty();
  }

  @Test
  void callThatWasAnswered_isBoundToNothing_andOneAfterTheEndIsNotMade() throws Exception {
    assertThat(forExchange("/done").get(10, SECONDS).getBodyText()).isEqualTo("done");
    await().until(() -> exchange.bound() == 0);
    exchange.hangUp();
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/done");
    Future<?> late = forExchange("/done");
    assertThatThrownBy(() -> late.get(10, SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class)
        .hasStackTraceContaining("The exchange ended DISCONNECTED");
    assertThat(upstream.asked()).isEmpty();
  }

  @Test
  void callOfAPost_isSpared() throws Exception {
    try (FreeExchange post = new FreeExchange("POST")) {
      Future<?> silent = post.token().wrap(() -> asked("/silent")).call();
      assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/silent");
      post.hangUp();
      assertThat(silent).isNotDone();
    }
  }
}
