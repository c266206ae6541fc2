package io.github.safeasync.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.internal.exchange.FreeExchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls of httpclient5 end with the exchange that was current where they were made. */
class SafeAsyncExecHandlerTest {

  private static final String REASON = "The exchange ended DISCONNECTED";

  private final ExecutorService caller = Executors.newCachedThreadPool();
  private final FreeExchange exchange = new FreeExchange("GET");
  private final PoolingHttpClientConnectionManager pool = new PoolingHttpClientConnectionManager();
  private final CloseableHttpClient client =
      HttpClients.custom()
          .setConnectionManager(pool)
          .addExecInterceptorFirst("safe-async", SafeAsyncExecHandler.create())
          .build();
  private Upstream upstream;

  @BeforeEach
  void start() throws IOException {
    upstream = new Upstream();
    pool.setDefaultMaxPerRoute(1);
  }

  @AfterEach
  void stop() throws IOException {
    upstream.close();
    client.close();
    exchange.close();
    caller.shutdownNow();
  }

  private <T> Future<T> forExchange(Callable<T> call) {
    return caller.submit(exchange.token().wrap(call));
  }

  private String body(ClassicHttpRequest request) throws IOException {
    return client.execute(request, answer -> EntityUtils.toString(answer.getEntity()));
  }

  private void askedFor(String path) throws InterruptedException {
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo(path);
  }

  private void leftBy(String path) throws InterruptedException {
    assertThat(upstream.left().poll(10, SECONDS)).isEqualTo(path);
  }

  private static void isAborted(Future<?> call) {
    assertThat(catchThrowable(() -> call.get(10, SECONDS)).getCause())
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining(REASON);
  }

  @Test
  void call_isAborted_whateverItsRequest_andNotTriedAgain_G9() throws Exception {
    Future<?> one = forExchange(() -> body(new HttpGet(upstream.uri("/silent"))));
    askedFor("/silent");
    exchange.hangUp();
    isAborted(one);
    leftBy("/silent");
    try (FreeExchange next = new FreeExchange("GET")) {
      ClassicHttpRequest plain = ClassicRequestBuilder.get(upstream.uri("/silent")).build();
      Future<?> other = caller.submit(next.token().wrap(() -> body(plain)));
      askedFor("/silent");
      next.hangUp();
      isAborted(other);
      leftBy("/silent");
      assertThat(next.bound()).isZero();
    }
    assertThat(upstream.asked()).isEmpty();
    assertThat(exchange.bound()).isZero();
  }

  @Test
  void callThatWaitsForAConnection_isAborted_G9() throws Exception {
    assertThat(executed("/stream").getCode()).isEqualTo(200);
    Future<?> waiting = forExchange(() -> body(new HttpGet(upstream.uri("/done"))));
    await().until(() -> exchange.bound() == 1);
    exchange.hangUp();
    isAborted(waiting);
  }

  @SuppressWarnings("deprecation") // the response that is not closed by a handler
  private CloseableHttpResponse executed(String path) throws IOException {
    return client.execute(new HttpGet(upstream.uri(path)));
  }

  @Test
  void streamThatIsBeingRead_fails_G9() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    Future<?> call =
        forExchange(
            () -> {
              InputStream body = executed("/stream").getEntity().getContent();
              body.readNBytes(5);
              read.countDown();
              return body.read();
            });
    assertThat(read.await(10, SECONDS)).isTrue();
    exchange.hangUp();
    isAborted(call);
    leftBy("/stream");
  }

  @Test
  void whatWasReadOrClosed_isBoundToNothing_andItsConnectionServesOn() throws Exception {
    assertThat(forExchange(() -> body(new HttpGet(upstream.uri("/done")))).get()).isEqualTo("done");
    assertThat(exchange.bound()).isZero();
    CloseableHttpResponse open = forExchange(() -> executed("/done")).get();
    assertThat(exchange.bound()).isEqualTo(1);
    open.close();
    assertThat(exchange.bound()).isZero();
    assertThat(forExchange(() -> body(new HttpGet(upstream.uri("/done")))).get()).isEqualTo("done");
    exchange.hangUp();
    assertThat(body(new HttpGet(upstream.uri("/done")))).isEqualTo("done");
  }

  @Test
  void callThatWouldBeginLater_isNotMade() {
    exchange.hangUp();
    isAborted(forExchange(() -> body(new HttpGet(upstream.uri("/done")))));
    assertThat(upstream.asked()).isEmpty();
  }

  @Test
  void workThatIsSpared_goesOn() throws Exception {
    try (FreeExchange post = new FreeExchange("POST")) {
      post.hangUp();
      Future<String> call =
          caller.submit(post.token().wrap(() -> body(new HttpGet(upstream.uri("/done")))));
      assertThat(call.get(10, SECONDS)).isEqualTo("done");
    }
  }

  @Test
  void cancelByTheCaller_abortsTheCall() throws Exception {
    HttpGet request = new HttpGet(upstream.uri("/silent"));
    Future<?> call = forExchange(() -> body(request));
    askedFor("/silent");
    request.cancel();
    assertThat(catchThrowable(() -> call.get(10, SECONDS)).getCause())
        .isInstanceOf(IOException.class);
    leftBy("/silent");
  }
}
