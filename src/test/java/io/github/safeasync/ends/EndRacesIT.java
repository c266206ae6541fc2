package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;

/** G2 and G4: whatever races, there is one end, told once, and the connection stays sound. */
class EndRacesIT {

  @ParameterizedTest
  @EveryContainer
  void finishFromTwoThreads_oneWins_G2(Container container) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      for (int i = 0; i < 90; i++) {
        client.get("/take");
        SafeAsyncResponse response = site.take();
        AtomicInteger told = new AtomicInteger();
        response.onEnd(end -> told.incrementAndGet());
        CyclicBarrier together = new CyclicBarrier(2);
        Future<Boolean> one = threads.submit(finish(response, "one", together));
        Future<Boolean> two = threads.submit(finish(response, "two", together));
        String body = client.readResponse().body();
        assertThat(one.get()).isNotEqualTo(two.get());
        assertThat(body).isEqualTo(one.get() ? "one" : "two");
        assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
        assertThat(told).hasValue(1);
      }
      logs.assertQuiet();
    } finally {
      threads.shutdownNow();
    }
  }

  private static Callable<Boolean> finish(
      SafeAsyncResponse response, String body, CyclicBarrier together) {
    return () -> {
      together.await();
      return response.finish(body);
    };
  }

  @ParameterizedTest
  @EveryContainer
  void timeoutRacingFinish_oneWins_G2_G4(Container container) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ofMillis(15)).build();
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, config)) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        clients.add(RawClient.connect(site.server()));
      }
      for (int round = 0; round < 25; round++) {
        for (RawClient client : clients) {
          client.get("/take");
        }
        List<SafeAsyncResponse> responses = new ArrayList<>();
        for (int i = 0; i < clients.size(); i++) {
          SafeAsyncResponse response = site.take();
          responses.add(response);
          new Thread(() -> finishAtDeadline(response)).start();
        }
        int completed = 0;
        for (int i = 0; i < clients.size(); i++) {
          int answered = soundAnswer(clients.get(i).readResponse());
          completed += answered;
          if (answered == 0) {
            clients.get(i).close(); // Tomcat closes a connection after a 503
            clients.set(i, RawClient.connect(site.server()));
          }
        }
        for (SafeAsyncResponse response : responses) {
          completed -= Site.endOf(response).kind() == End.Kind.COMPLETED ? 1 : 0;
        }
        assertThat(completed).as("answers of 200 less ends COMPLETED").isZero();
      }
      for (RawClient client : clients) {
        assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
        client.close();
      }
      logs.assertQuiet();
    }
  }

  private static void finishAtDeadline(SafeAsyncResponse response) {
    long at = System.nanoTime() + ThreadLocalRandom.current().nextLong(13_000_000, 17_000_000);
    while (System.nanoTime() - at < 0) {
      Thread.onSpinWait();
    }
    response.write("done ");
    response.finish("in time");
  }

  private static int soundAnswer(RawResponse answer) {
    assertThat(answer.isComplete()).isTrue();
    if (answer.status() == 200) {
      assertThat(answer.body()).isEqualTo("done in time");
      return 1;
    }
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body()).doesNotContain("done");
    return 0;
  }

  /** On Tomcat neither onComplete nor onError comes in this case. */
  @ParameterizedTest
  @EveryContainer
  void errorToAResetClient_endIsToldAllTheSame_G2(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container)) {
      for (int i = 0; i < 20; i++) {
        RawClient client = RawClient.connect(site.server());
        client.get("/take");
        SafeAsyncResponse response = site.take();
        AtomicInteger told = new AtomicInteger();
        response.onEnd(end -> told.incrementAndGet());
        client.closeRst();
        response.sendError(400);
        response.end().toCompletableFuture().get(10, SECONDS);
        assertThat(told).hasValue(1);
      }
      try (RawClient client = RawClient.connect(site.server())) {
        assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      }
      logs.assertQuiet();
    }
  }
}
