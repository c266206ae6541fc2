package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.Filter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What a controller returns that has nothing to say for a while: whether it is cancelled when its
 * client leaves.
 */
abstract class IdleResultTests {

  private static final int TRIES = 10;

  /** Longer than detect-after. */
  private static final Duration IDLE = Duration.ofMillis(60);

  static final BlockingQueue<String> BEGUN = new LinkedBlockingQueue<>();

  /** When one was cancelled, by System.nanoTime. */
  static final BlockingQueue<Long> CANCELLED = new LinkedBlockingQueue<>();

  private final Class<?> application;
  private final String results;
  private final List<String> idle;
  private final List<String> answered;

  /**
   * Makes one.
   *
   * @param application whose /posted is idle as well
   * @param results for what is printed
   * @param idle paths of results that say nothing
   * @param answered paths that answer with their own names
   */
  IdleResultTests(Class<?> application, String results, List<String> idle, List<String> answered) {
    this.application = application;
    this.results = results;
    this.idle = idle;
    this.answered = answered;
  }

  @BeforeEach
  void reset() {
    BEGUN.clear();
    CANCELLED.clear();
  }

  private TestServer start(Container container, Filter... filters) throws Exception {
    return MvcServer.start(container, application, filters);
  }

  /** Sees what else a cancelled result has done. */
  void awaitCleanUp(String path) throws InterruptedException {}

  /** A client that leaves while it waits; answers when, by System.nanoTime. */
  private static long leave(TestServer server, String head) throws Exception {
    RawClient client =
        RawClient.connect(server).send(head + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(BEGUN.poll(10, SECONDS)).isNotNull();
    LockSupport.parkNanos(IDLE.toNanos());
    long closed = System.nanoTime();
    client.closeFin();
    return closed;
  }

  @ParameterizedTest
  @EveryContainer
  void idle_isCancelledByTheHangUp_withNothingWritten_G9(Container container) throws Exception {
    List<Double> millis = new ArrayList<>();
    try (Logs logs = Logs.capture();
        TestServer server = start(container, new SafeAsyncFilter())) {
      for (int i = 0; i < TRIES; i++) {
        for (String path : idle) {
          long closed = leave(server, "GET " + path);
          Long cancelled = CANCELLED.poll(10, SECONDS);
          assertThat(cancelled).as(path).isNotNull();
          awaitCleanUp(path);
          millis.add((cancelled - closed) / 1e6);
        }
      }
      logs.assertQuiet();
    }
    assertThat(CANCELLED).isEmpty();
    double[] sorted = millis.stream().mapToDouble(each -> each).sorted().toArray();
    System.out.printf(
        "%s: %s cancelled after the close, %d tries: median %.1f ms, worst %.1f ms%n",
        container, results, sorted.length, sorted[sorted.length / 2], sorted[sorted.length - 1]);
  }

  /** Spring by itself cancels at a timeout, and where a write fails. */
  @ParameterizedTest
  @EveryContainer
  void idle_withoutTheFilter_isNotCancelled(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      for (String path : idle) {
        leave(server, "GET " + path);
      }
      await().during(Duration.ofSeconds(1)).until(CANCELLED::isEmpty);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void ofAPost_isSpared_asThePolicySays(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, new SafeAsyncFilter())) {
      leave(server, "POST /posted");
      await().during(Duration.ofMillis(500)).until(CANCELLED::isEmpty);
    }
  }

  private List<String> answers(TestServer server) throws Exception {
    List<String> answers = new ArrayList<>();
    try (RawClient client = RawClient.connect(server)) {
      for (String path : answered) {
        answers.add(client.get("/" + path).readResponse().body());
      }
    }
    return answers;
  }

  @ParameterizedTest
  @EveryContainer
  void answered_isNeverCancelled_asWithoutTheFilter_G7_G13(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer raw = start(container);
        TestServer guarded = start(container, new SafeAsyncFilter())) {
      assertThat(answers(guarded)).isEqualTo(answers(raw)).isEqualTo(answered);
      logs.assertQuiet();
    }
    assertThat(CANCELLED).isEmpty();
  }
}
