package io.github.safeasync.internal.exchange;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.testkit.Logs;
import java.lang.reflect.Proxy;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** G9: bound work is cancelled exactly once when the client has gone, and never otherwise. */
class CancellationTest {

  private static final End GONE =
      End.disconnected(Departure.now(Evidence.FIN, "a test"), Duration.ofMillis(5), null);
  private static final SafeAsyncConfig.Builder BUILDER = SafeAsyncConfig.builder();

  private final List<FilterScope> started = new ArrayList<>();

  @AfterEach
  void stop() {
    started.forEach(FilterScope::shutDown);
  }

  private Cancellation cancellation(SafeAsyncConfig config, String method) {
    FilterScope exchanges = new FilterScope(config);
    started.add(exchanges);
    return new Cancellation(
        exchanges, FilterScope.cancelSettings(config), method, new SomeWork(), null);
  }

  private Cancellation cancellation() {
    return cancellation(SafeAsyncConfig.defaults(), "GET");
  }

  private static End end(End.Kind kind) {
    return switch (kind) {
      case DISCONNECTED -> GONE;
      case FAILED -> End.failed(new IllegalStateException("a test"), Duration.ZERO);
      case COMPLETED, TIMED_OUT, SHUT_DOWN -> End.of(kind, Duration.ZERO);
    };
  }

  @Nested
  class Bound {

    @Test
    void future_isCancelledAndItsThreadInterrupted_G9() throws Exception {
      Cancellation cancellation = cancellation();
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch interrupted = new CountDownLatch(1);
      FutureTask<?> work =
          new FutureTask<>(
              () -> {
                running.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.countDown();
                }
                return null;
              });
      new Thread(work).start();
      running.await();
      cancellation.bind(work);
      cancellation.ended(GONE);
      assertThat(interrupted.await(10, SECONDS)).isTrue();
      assertThat(work.isCancelled()).isTrue();
    }

    @Test
    void completableFuture_isCancelled_G9() {
      Cancellation cancellation = cancellation();
      CompletableFuture<String> work = new CompletableFuture<>();
      cancellation.bind(work);
      cancellation.ended(GONE);
      await().until(work::isCancelled);
    }

    @Test
    void closeable_isClosedOnce_G9() {
      Cancellation cancellation = cancellation();
      AtomicInteger closed = new AtomicInteger();
      Handle binding = cancellation.bind(closed::incrementAndGet);
      cancellation.ended(GONE);
      await().untilAsserted(() -> assertThat(closed).hasValue(1));
      cancellation.fire();
      assertThat(binding.remove()).isFalse();
      assertThat(closed).hasValue(1);
    }

    @Test
    void statement_isCancelledAndNotClosed_whateverItIsBoundAs_G9() throws Exception {
      Cancellation cancellation = cancellation();
      LinkedBlockingQueue<String> calls = new LinkedBlockingQueue<>();
      Statement statement =
          (Statement)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {Statement.class},
                  (proxy, method, arguments) -> {
                    calls.add(method.getName());
                    return null;
                  });
      cancellation.bind((AutoCloseable) statement);
      cancellation.ended(GONE);
      assertThat(calls.poll(10, SECONDS)).isEqualTo("cancel");
      assertThat(calls).isEmpty();
    }

    @Test
    void thread_isInterrupted_andTakesTheInterruptBackWithTheBinding_G9() throws Exception {
      Cancellation cancellation = cancellation();
      AtomicReference<Boolean> left = new AtomicReference<>();
      AtomicReference<Boolean> removed = new AtomicReference<>();
      CountDownLatch bound = new CountDownLatch(1);
      Thread thread =
          new Thread(
              () -> {
                Handle binding = cancellation.bind(Thread.currentThread());
                bound.countDown();
                while (!Thread.currentThread().isInterrupted()) {
                  Thread.onSpinWait();
                }
                removed.set(binding.remove());
                left.set(Thread.currentThread().isInterrupted());
              });
      thread.start();
      bound.await();
      cancellation.ended(GONE);
      thread.join();
      assertThat(removed).hasValue(false);
      assertThat(left).hasValue(false);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "DISCONNECTED", mode = EnumSource.Mode.EXCLUDE)
  void anyOtherEnd_cancelsNothing_earlierAndLater_G9(End.Kind kind) {
    Cancellation cancellation = cancellation();
    AtomicInteger closed = new AtomicInteger();
    cancellation.bind(closed::incrementAndGet);
    cancellation.ended(end(kind));
    cancellation.bind(closed::incrementAndGet);
    cancellation.fire();
    started.get(0).shutDown();
    assertThat(closed).hasValue(0);
    assertThat(cancellation.isCancelled()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"TIMED_OUT", "FAILED", "SHUT_DOWN"})
  void endThatCancelOnNames_cancels(End.Kind kind) {
    Cancellation cancellation =
        cancellation(SafeAsyncConfig.builder().cancelOn(EnumSet.of(kind)).build(), "GET");
    CompletableFuture<?> work = new CompletableFuture<>();
    cancellation.bind(work);
    cancellation.ended(end(kind));
    await().until(work::isCancelled);
  }

  @ParameterizedTest
  @CsvSource({
    "SAFE_METHODS, GET, true", "SAFE_METHODS, HEAD, true", "SAFE_METHODS, OPTIONS, true",
    "SAFE_METHODS, POST, false", "SAFE_METHODS, PUT, false", "SAFE_METHODS, get, false",
    "ALWAYS, POST, true", "NEVER, GET, false"
  })
  void policy_decides(CancelPolicy policy, String method, boolean cancels) {
    Cancellation cancellation =
        cancellation(SafeAsyncConfig.builder().cancel(policy).build(), method);
    cancellation.ended(GONE);
    assertThat(cancellation.isCancelled()).isEqualTo(cancels);
  }

  @Test
  void policyOfTheExchange_overridesTheFilters() {
    Cancellation post = cancellation(SafeAsyncConfig.defaults(), "POST");
    post.policy(CancelPolicy.ALWAYS);
    post.ended(GONE);
    assertThat(post.isCancelled()).isTrue();
  }

  @Test
  void isGone_whereThePolicySparesTheWork_isTheFact() {
    Cancellation post = cancellation(SafeAsyncConfig.defaults(), "POST");
    assertThat(post.isGone()).isFalse();
    post.ended(GONE);
    assertThat(post.isCancelled()).isFalse();
    assertThat(post.isGone()).isTrue();
    assertThat(CancellationToken.none().isGone()).isFalse();
  }

  @Test
  void removed_isNotCancelled() {
    Cancellation cancellation = cancellation();
    CompletableFuture<?> work = new CompletableFuture<>();
    Handle binding = cancellation.bind(work);
    assertThat(binding.remove()).isTrue();
    assertThat(binding.remove()).isFalse();
    cancellation.ended(GONE);
    started.get(0).shutDown();
    assertThat(work.isCancelled()).isFalse();
  }

  @Test
  void boundAfterTheHangUp_isCancelledAtOnce_G9() {
    Cancellation cancellation = cancellation();
    cancellation.ended(GONE);
    CompletableFuture<?> work = new CompletableFuture<>();
    assertThat(cancellation.bind(work).remove()).isFalse();
    assertThat(work.isCancelled()).isTrue();
    Handle binding = cancellation.bind(Thread.currentThread());
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    assertThat(binding.remove()).isFalse();
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void cancelThatThrows_isOneLineAtDebug_andHurtsNobody() {
    try (Logs logs = Logs.capture()) {
      Cancellation cancellation = cancellation();
      cancellation.bind(
          () -> {
            throw new Exception("a fault of the driver");
          });
      CompletableFuture<?> other = new CompletableFuture<>();
      cancellation.bind(other);
      cancellation.ended(GONE);
      await().until(other::isCancelled);
      started.get(0).shutDown();
      assertThat(logs.ofLibrary())
          .filteredOn(each -> each.getMessage().startsWith("Bound work could not be cancelled"))
          .singleElement()
          .satisfies(each -> assertThat(each.getLevel()).isEqualTo(Level.FINE));
      logs.assertQuiet();
    }
  }

  @Test
  void cancelsThatBlock_delayNeitherOthersNorListeners() throws Exception {
    Cancellation cancellation = cancellation();
    CountDownLatch blocked = new CountDownLatch(1);
    for (int i = 0; i < 31; i++) {
      cancellation.bind(blocked::await);
    }
    CompletableFuture<?> other = new CompletableFuture<>();
    cancellation.bind(other);
    cancellation.ended(GONE);
    CountDownLatch listener = new CountDownLatch(1);
    started.get(0).callBack("a test", listener::countDown);
    await().until(other::isCancelled);
    assertThat(listener.await(10, SECONDS)).isTrue();
    blocked.countDown();
  }

  @Nested
  class Grace {

    @Test
    void cancelsAfterIt() {
      Cancellation cancellation =
          cancellation(BUILDER.cancelAfter(Duration.ofMillis(100)).build(), "GET");
      CompletableFuture<?> work = new CompletableFuture<>();
      cancellation.bind(work);
      long start = System.nanoTime();
      cancellation.ended(GONE);
      assertThat(cancellation.isCancelled()).isFalse();
      await().until(work::isCancelled);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void removedWithinIt_isNotCancelled() {
      Cancellation cancellation =
          cancellation(BUILDER.cancelAfter(Duration.ofHours(1)).build(), "GET");
      CompletableFuture<?> moved = new CompletableFuture<>();
      CompletableFuture<?> left = new CompletableFuture<>();
      Handle binding = cancellation.bind(moved);
      cancellation.bind(left);
      cancellation.ended(GONE);
      assertThat(binding.remove()).isTrue();
      started.get(0).shutDown();
      assertThat(left.isCancelled()).as("the shutdown does not wait for the grace").isTrue();
      assertThat(moved.isCancelled()).isFalse();
    }

    @Test
    void policyChangedWithinIt_spares() {
      Cancellation cancellation =
          cancellation(BUILDER.cancelAfter(Duration.ofHours(1)).build(), "GET");
      CompletableFuture<?> work = new CompletableFuture<>();
      cancellation.bind(work);
      cancellation.ended(GONE);
      cancellation.policy(CancelPolicy.NEVER);
      started.get(0).shutDown();
      assertThat(work.isCancelled()).isFalse();
    }
  }

  @Test
  void token_tellsOfTheCancelOnly() {
    Cancellation cancellation = cancellation();
    cancellation.throwIfCancelled();
    assertThat(cancellation.isCancelled()).isFalse();
    cancellation.ended(GONE);
    assertThat(cancellation.isCancelled()).isTrue();
    assertThatThrownBy(cancellation::throwIfCancelled)
        .isInstanceOf(CancellationException.class)
        .hasMessage("The exchange ended DISCONNECTED after 5 ms (FIN noticed by a test)")
        .satisfies(thrown -> assertThat(thrown.getStackTrace()).isEmpty());
  }

  @Test
  void none_isNeverCancelled() {
    CancellationToken none = CancellationToken.none();
    AtomicInteger closed = new AtomicInteger();
    none.throwIfCancelled();
    assertThat(none.isCancelled()).isFalse();
    assertThat(none.bind(closed::incrementAndGet).remove()).isTrue();
    assertThat(none.bind(new CompletableFuture<>()).remove()).isTrue();
    assertThat(none.bind(Thread.currentThread()).remove()).isTrue();
    assertThat(none.end().toCompletableFuture()).isNotDone();
    assertThat(closed).hasValue(0);
  }

  @Test
  void bindingAndRemovingRaceTheEnd_eachIsCancelledOnceOrNotAtAll_G9() throws Exception {
    FilterScope exchanges = new FilterScope(SafeAsyncConfig.defaults());
    started.add(exchanges);
    CyclicBarrier barrier = new CyclicBarrier(2);
    int rounds = 20_000;
    Cancellation[] tries = new Cancellation[rounds];
    for (int i = 0; i < rounds; i++) {
      tries[i] = new Cancellation(exchanges, CancelSettings.DEFAULTS, "GET", new SomeWork(), null);
    }
    Thread ending =
        new Thread(
            () -> {
              for (Cancellation each : tries) {
                pass(barrier);
                each.ended(GONE);
              }
            });
    ending.start();
    AtomicInteger kept = new AtomicInteger();
    int removed = 0;
    for (int i = 0; i < rounds; i++) {
      AtomicInteger once = new AtomicInteger();
      pass(barrier);
      tries[i].bind(
          () -> {
            if (once.incrementAndGet() == 1) {
              kept.incrementAndGet();
            } else {
              kept.addAndGet(1_000_000);
            }
          });
      Handle second = tries[i].bind(kept::incrementAndGet);
      removed += second.remove() ? 1 : 0;
    }
    ending.join();
    int expected = 2 * rounds - removed;
    await().untilAsserted(() -> assertThat(kept).hasValue(expected));
    exchanges.shutDown();
    assertThat(kept).hasValue(expected);
  }

  /** Of a request that is synchronous, whose client is watched once somebody asks for it. */
  @Nested
  class Synchronous {

    private final AtomicInteger watches = new AtomicInteger();

    private Cancellation unasked(SafeAsyncConfig config) {
      FilterScope exchanges = new FilterScope(config);
      started.add(exchanges);
      return new Cancellation(
          exchanges,
          FilterScope.cancelSettings(config),
          "GET",
          new SomeWork(),
          watches::incrementAndGet);
    }

    private Cancellation unasked() {
      return unasked(SafeAsyncConfig.defaults());
    }

    @Test
    void carried_isNotWatched() {
      Cancellation cancellation = unasked();
      cancellation.wrap((Runnable) () -> {}).run();
      cancellation.makeCurrent().remove();
      cancellation.policy(CancelPolicy.ALWAYS);
      cancellation.answered(end(End.Kind.COMPLETED));
      assertThat(watches).hasValue(0);
    }

    @Test
    void asked_isWatchedOnce() {
      List<Consumer<Cancellation>> questions =
          List.of(
              CancellationToken::isCancelled,
              CancellationToken::isGone,
              CancellationToken::throwIfCancelled,
              CancellationToken::end,
              each -> each.bind(new CompletableFuture<>()));
      for (Consumer<Cancellation> question : questions) {
        watches.set(0);
        Cancellation cancellation = unasked();
        question.accept(cancellation);
        question.accept(cancellation);
        assertThat(watches).hasValue(1);
      }
    }

    @Test
    void afterTheAnswer_nothingIsCancelled_earlierAndLater_G9() {
      Cancellation cancellation = unasked();
      AtomicInteger closed = new AtomicInteger();
      cancellation.bind(closed::incrementAndGet);
      assertThat(cancellation.answered(end(End.Kind.COMPLETED))).isTrue();
      assertThat(cancellation.ended(GONE)).isFalse();
      cancellation.bind(closed::incrementAndGet);
      cancellation.bind(Thread.currentThread());
      started.get(0).shutDown();
      assertThat(closed).hasValue(0);
      assertThat(Thread.interrupted()).isFalse();
      assertThat(cancellation.isCancelled()).isFalse();
    }

    @Test
    void hangUpBeforeTheAnswer_takesNoInterruptBeyondIt_G9() {
      Cancellation cancellation = unasked();
      Handle binding = cancellation.bind(Thread.currentThread());
      cancellation.ended(GONE);
      while (!Thread.currentThread().isInterrupted()) {
        Thread.onSpinWait();
      }
      assertThat(cancellation.answered(end(End.Kind.COMPLETED))).isFalse();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(binding.remove()).isFalse();
      assertThat(cancellation.isCancelled()).isTrue();
      assertThat(cancellation.isGone()).isTrue();
    }

    @Test
    void answerWithinTheGrace_spares_andLeavesNoTimer() {
      Cancellation cancellation = unasked(BUILDER.cancelAfter(Duration.ofHours(1)).build());
      CompletableFuture<?> work = new CompletableFuture<>();
      cancellation.bind(work);
      cancellation.ended(GONE);
      cancellation.answered(end(End.Kind.COMPLETED));
      started.get(0).shutDown();
      assertThat(work.isCancelled()).isFalse();
      assertThat(cancellation.isCancelled()).isFalse();
      assertThat(cancellation.isGone()).isTrue();
    }

    @Test
    void stageOfTheEnd_completesWithTheFirst() {
      Cancellation cancellation = unasked();
      AtomicReference<End> heard = new AtomicReference<>();
      assertThat(cancellation.isAwaited(GONE)).as("nobody waits, so it is told").isFalse();
      cancellation.end().thenAccept(heard::set);
      assertThat(heard).hasValue(GONE);
      Cancellation awaited = unasked();
      awaited.end().thenAccept(heard::set);
      End other = end(End.Kind.COMPLETED);
      assertThat(awaited.isAwaited(other)).isTrue();
      assertThat(heard).hasValue(GONE);
      awaited.tell(other);
      assertThat(heard).hasValue(other);
    }
  }

  private static void pass(CyclicBarrier barrier) {
    try {
      barrier.await(30, SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
