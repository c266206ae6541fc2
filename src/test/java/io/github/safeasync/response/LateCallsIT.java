package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;

/** G1 to G5: after each kind of end, every call is harmless and none reaches the container. */
class LateCallsIT {

  private static final SafeAsyncConfig SOON =
      SafeAsyncConfig.builder().timeout(Duration.ofMillis(100)).build();

  @ParameterizedTest
  @EveryContainer
  void afterCompletion_nextRequestOnTheConnectionIsUntouched_G1_G3(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse first = site.take();
      assertThat(first.finish("first")).isTrue();
      assertThat(client.readResponse().body()).isEqualTo("first");
      assertThat(Site.endOf(first).kind()).isEqualTo(End.Kind.COMPLETED);
      callEverything(first);

      client.get("/take");
      SafeAsyncResponse second = site.take();
      callEverything(first);
      second.write("sec");
      callEverything(first);
      second.finish("ond");
      RawResponse response = client.readResponse();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("second");
      assertThat(response.header("X-Late")).isEmpty();
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterDisconnect_G1_G3_G5(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container)) {
      SafeAsyncResponse response;
      try (RawClient client = RawClient.connect(site.server())) {
        client.get("/take");
        response = site.take();
        client.closeRst();
      }
      End end = Site.writeUntilEnd(response);
      assertThat(end.kind()).isEqualTo(End.Kind.DISCONNECTED);
      assertThat(end.departure()).isPresent();
      callEverything(response);
      plainStillWorks(site);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterTimeout_clientGets503_G1_G2(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, SOON);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.write("never sent");
      assertThat(client.readResponse().status()).isEqualTo(503);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.TIMED_OUT);
      callEverything(response);
      plainStillWorks(site);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterTimeoutOfACommittedResponse_clientSeesItTruncated(Container container)
      throws Exception {
    try (Site site = Site.start(container, SOON);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.write("a part");
      response.flush();
      RawResponse seen = client.readResponse();
      assertThat(seen.body()).isEqualTo("a part");
      assertThat(seen.isComplete()).isFalse();
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.TIMED_OUT);
      callEverything(response);
      plainStillWorks(site);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterFailureOfAGuardedCallback_clientGets500_G5(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      IllegalStateException fault = new IllegalStateException("a fault of the application");
      response
          .guard(
              (String argument) -> {
                throw fault;
              })
          .accept("x");
      assertThat(client.readResponse().status()).isEqualTo(500);
      End end = Site.endOf(response);
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.cause()).containsSame(fault);
      callEverything(response);
      assertThat(logs.ofLibrary()).anySatisfy(each -> assertThat(each.getThrown()).isSameAs(fault));
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterUndeployment_clientGets503AndListenersHaveRun_G2_G4(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      AtomicReference<End> told = new AtomicReference<>();
      response.onEnd(told::set);
      site.server().stopApplication();
      assertThat(told.get().kind()).isEqualTo(End.Kind.SHUT_DOWN);
      assertThat(client.readResponse().status()).isEqualTo(503);
      callEverything(response);
      assertThat(logs.ofLibrary()).anySatisfy(each -> assertThat(each.getParameters()).contains(1));
    }
  }

  /** On a connection of its own: Tomcat closes one after a 500 or 503. */
  private static void plainStillWorks(Site site) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
    }
  }

  /** Calls every method, from this thread and another one: none throws, none has an effect. */
  private static void callEverything(SafeAsyncResponse response) throws Exception {
    callAll(response);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other =
        new Thread(
            () -> {
              try {
                callAll(response);
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    other.start();
    other.join();
    assertThat(thrown.get()).isNull();
  }

  private static void callAll(SafeAsyncResponse response) throws Exception {
    assertThat(response.isOpen()).isFalse();
    response.status(201).contentType("text/late").header("X-Late", "1").addHeader("X-Late", "2");
    assertThat(response.write("late")).isFalse();
    assertThat(response.write(new byte[] {1})).isFalse();
    ByteBuffer buffer = ByteBuffer.wrap(new byte[] {1});
    assertThat(response.write(buffer)).isFalse();
    assertThat(buffer.remaining()).isEqualTo(1);
    assertThat(Site.flushed(response)).isFalse();
    assertThat(response.finish()).isFalse();
    assertThat(response.finish("late")).isFalse();
    assertThat(response.finish(new byte[] {1})).isFalse();
    assertThat(response.finish(buffer)).isFalse();
    assertThat(response.sendError(400)).isFalse();
    assertThat(response.sendError(400, "late")).isFalse();
    AtomicInteger told = new AtomicInteger();
    End end = Site.endOf(response);
    assertThat(response.onEnd(same -> told.addAndGet(same == end ? 1 : 100)).remove()).isFalse();
    response.onDisconnect(gone -> told.addAndGet(10));
    assertThat(told.get()).isEqualTo(end.kind() == End.Kind.DISCONNECTED ? 11 : 1);
    guarded(response);
  }

  /** The line after a guarded callback that throws is reached. */
  private static void guarded(SafeAsyncResponse response) throws Exception {
    Runnable fails =
        () -> {
          throw new HttpStatusException(400);
        };
    List<Runnable> callbacks =
        List.of(
            response.guard(fails),
            () -> response.guard((Object x) -> fails.run()).accept("x"),
            () -> response.guard((x, y) -> fails.run()).accept("x", "y"));
    AtomicInteger reached = new AtomicInteger();
    for (Runnable callback : callbacks) {
      callback.run();
      reached.incrementAndGet();
    }
    Object result =
        response
            .guard(
                () -> {
                  fails.run();
                  return "never";
                })
            .call();
    assertThat(result).isNull();
    await().untilAtomic(reached, org.hamcrest.Matchers.is(3));
  }
}
