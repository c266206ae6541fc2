package io.github.safeasync.http;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.JettyClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/** Calls of Spring's clients end with the exchange that was current where they were made. */
class SafeAsyncRequestFactoryTest {

  /** The clients that Spring makes requests by. */
  enum Client {
    JDK(JdkClientHttpRequestFactory::new),
    APACHE(HttpComponentsClientHttpRequestFactory::new),
    JETTY(JettyClientHttpRequestFactory::new),
    /** HttpURLConnection. */
    SIMPLE(SimpleClientHttpRequestFactory::new),
    /** One that is not known: it waits as the JDK's does. */
    UNKNOWN(() -> unknown(new JdkClientHttpRequestFactory()));

    private final Supplier<ClientHttpRequestFactory> factory;

    Client(Supplier<ClientHttpRequestFactory> factory) {
      this.factory = factory;
    }

    private static ClientHttpRequestFactory unknown(ClientHttpRequestFactory other) {
      return other::createRequest;
    }
  }

  private final ExecutorService caller = Executors.newSingleThreadExecutor();
  private final FreeExchange exchange = new FreeExchange("GET");
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

  private <T> Future<T> forExchange(Callable<T> call) {
    return caller.submit(exchange.token().wrap(call));
  }

  private ClientHttpResponse executed(ClientHttpRequestFactory factory, String path)
      throws IOException {
    return factory.createRequest(upstream.uri(path), HttpMethod.GET).execute();
  }

  private static ClientHttpRequestFactory around(Client client) {
    return SafeAsyncRequestFactory.around(client.factory.get());
  }

  private static Throwable failureOf(Future<?> call) {
    return catchThrowable(() -> call.get(10, SECONDS)).getCause();
  }

  @ParameterizedTest
  @EnumSource
  void call_isAborted_andLeavesNoInterrupt_G9(Client client) throws Exception {
    ClientHttpRequestFactory factory = around(client);
    Future<?> call = forExchange(() -> executed(factory, "/silent"));
    assertThat(upstream.asked().poll(10, SECONDS)).isEqualTo("/silent");
    exchange.hangUp();
    assertThat(failureOf(call))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("The exchange ended DISCONNECTED");
    assertThat(upstream.left().poll(10, SECONDS)).isEqualTo("/silent");
    assertThat(caller.submit(Thread::interrupted).get()).isFalse();
    await().until(() -> exchange.bound() == 0);
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "APACHE", "JETTY"})
  void streamThatIsBeingRead_fails_G9(Client client) throws Exception {
    ClientHttpRequestFactory factory = around(client);
    CountDownLatch answered = new CountDownLatch(1);
    Future<?> call =
        forExchange(
            () -> {
              InputStream body = executed(factory, "/stream").getBody();
              answered.countDown();
              return body.readAllBytes();
            });
    assertThat(answered.await(10, SECONDS)).isTrue();
    exchange.hangUp();
    assertThat(failureOf(call))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("The exchange ended DISCONNECTED");
    assertThat(upstream.left().poll(10, SECONDS)).isEqualTo("/stream");
  }

  @ParameterizedTest
  @EnumSource
  void whatWasRead_isBoundToNothing(Client client) throws Exception {
    ClientHttpRequestFactory factory = around(client);
    RestClient rest = RestClient.builder().requestFactory(factory).build();
    Future<String> call =
        forExchange(() -> rest.get().uri(upstream.uri("/done")).retrieve().body(String.class));
    assertThat(call.get(10, SECONDS)).isEqualTo("done");
    await().until(() -> exchange.bound() == 0);
  }

  @ParameterizedTest
  @EnumSource
  void callThatWouldBeginLater_isNotMade(Client client) {
    ClientHttpRequestFactory factory = around(client);
    exchange.hangUp();
    assertThat(failureOf(forExchange(() -> executed(factory, "/done"))))
        .isInstanceOf(IOException.class);
    assertThat(upstream.asked()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnExchange_isTheClientsOwn(Client client) throws Exception {
    ClientHttpRequestFactory factory = around(client);
    try (ClientHttpResponse response = executed(factory, "/done")) {
      assertThat(new String(response.getBody().readAllBytes(), UTF_8)).isEqualTo("done");
    }
    assertThat(factory.createRequest(upstream.uri("/done"), HttpMethod.POST))
        .isInstanceOf(StreamingHttpOutputMessage.class);
  }
}
