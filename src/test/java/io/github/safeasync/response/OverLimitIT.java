package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.End;
import io.github.safeasync.OverLimit;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.body.BodyItem;
import io.github.safeasync.internal.exchange.ExchangeResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.VirtualThreads;
import io.github.safeasync.testkit.Witness;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;

/** G10: what a client that does not read can pin, however much is written for it. */
class OverLimitIT {

  private static final int CHUNK = 32 * 1024;
  private static final long MARK = 256 * 1024;
  private static final long LIMIT = 1 << 20;

  private final AtomicLong mostPending = new AtomicLong();

  /** The numbers of the chunks that were accepted. */
  private final List<Integer> accepted = new ArrayList<>();

  /** The limit may be passed before, while or after the response is begun. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void fail_atTheStart_isAnswered_G10(Container container, Transport transport) throws Exception {
    try (Logs warned = Logs.swallow();
        Site site = start(container, transport, OverLimit.FAIL, Duration.ofSeconds(30))) {
      for (int i = 0; i < Tries.of(20); i++) {
        try (SlowReader client = SlowReader.open(site.server(), "/take")) {
          SafeAsyncResponse response = site.take();
          writeUntilRefused(response);
          assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.FAILED);
          SlowReader.Body body = client.read();
          assertThat(body.isComplete() && body.bytes().length >= LIMIT).isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void fail_endsTheExchange_andCutsTheResponseOff_G10(Container container, Transport transport)
      throws Exception {
    try (Logs warned = Logs.swallow();
        Site site = start(container, transport, OverLimit.FAIL, Duration.ofSeconds(30));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      SafeAsyncResponse response = begun(site);
      writeUntilRefused(response);
      failedAsTooSlow(response);
      assertThat(mostPending).hasValueBetween(MARK, LIMIT);
      assertThat(client.read().isComplete()).isFalse();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void dropNewest_leavesOutWholeWrites_G10(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, OverLimit.DROP_NEWEST, Duration.ofSeconds(30));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      SafeAsyncResponse response = begun(site);
      int dropped = 0;
      for (int number = 1; dropped < 100; number++) {
        dropped += write(response, number) ? 0 : 1;
      }
      assertThat(response.isOpen()).isTrue();
      assertThat(mostPending).hasValueBetween(MARK, LIMIT);
      assertThat(response.finish()).isTrue();
      assertAccepted(client.read());
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void block_goesAtTheClientsPace_G10(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, OverLimit.BLOCK, Duration.ofSeconds(30));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      writesAtTheClientsPace(begun(site), client, task -> new Thread(task).start());
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void block_onAVirtualThread_goesAtTheClientsPace_G10(Container container, Transport transport)
      throws Exception {
    assumeTrue(VirtualThreads.areAvailable(), "there are no virtual threads before JDK 21");
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, OverLimit.BLOCK, Duration.ofSeconds(30));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      writesAtTheClientsPace(begun(site), client, VirtualThreads.executor());
      logs.assertQuiet();
    }
  }

  private void writesAtTheClientsPace(
      SafeAsyncResponse response, SlowReader client, Executor threads) throws Exception {
    AtomicReference<Thread> writer = new AtomicReference<>();
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(
            () -> {
              writer.set(Thread.currentThread());
              for (int number = 1; number < 400 && write(response, number); number++) {
                // The next one.
              }
              response.finish();
            },
            threads);
    Witness.await()
        .atMost(Witness.SOON)
        .until(() -> writer.get() != null && isWaiting(writer.get()));
    assertThat(response.isOpen()).isTrue();
    SlowReader.Body body = client.read();
    written.get(Site.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(accepted).hasSize(400);
    assertAccepted(body);
    assertThat(mostPending).hasValueBetween(MARK, MARK + CHUNK + BodyItem.OVERHEAD);
    assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
  }

  private static boolean isWaiting(Thread thread) {
    return thread.getState() == Thread.State.TIMED_WAITING;
  }

  /** What it sends is dropped by nobody unheard: a body with a hole must not look whole. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void publisherThatSendsWithoutBeingAsked_fails_underDropNewest(
      Container container, Transport transport) throws Exception {
    try (Logs warned = Logs.swallow();
        Site site = start(container, transport, OverLimit.DROP_NEWEST, Duration.ofSeconds(30));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      SafeAsyncResponse response = begun(site);
      CountDownLatch cancelled = new CountDownLatch(1);
      response.send(
          subscriber -> {
            subscriber.onSubscribe(new Pushing(cancelled));
            for (int i = 0; i < 10_000 && cancelled.getCount() > 0; i++) {
              subscriber.onNext(ByteBuffer.allocate(CHUNK));
            }
          });
      End end = Site.endOf(response);
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.cause().orElseThrow()).hasMessageContaining("A piece of " + CHUNK + " bytes");
      assertThat(cancelled.await(Site.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(client.read().isComplete()).isFalse();
    }
  }

  /** The subscription of a publisher that does not count what it is asked for. */
  private record Pushing(CountDownLatch cancelled) implements Flow.Subscription {

    @Override
    public void request(long more) {}

    @Override
    public void cancel() {
      cancelled.countDown();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void block_waitsNoLongerThanTheWriteTimeout_G10(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, OverLimit.BLOCK, Duration.ofMillis(500));
        SlowReader client = SlowReader.open(site.server(), "/take")) {
      SafeAsyncResponse response = begun(site);
      writeUntilRefused(response);
      failedAsTooSlow(response);
      assertThat(mostPending).hasValueBetween(MARK, MARK + CHUNK + BodyItem.OVERHEAD);
      assertThat(client.read().isComplete()).isFalse();
      logs.assertQuiet();
    }
  }

  private static Site start(
      Container container, Transport transport, OverLimit overLimit, Duration writeTimeout)
      throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ofSeconds(60))
            .maxPendingBytes(MARK)
            .pendingLimit(LIMIT)
            .overLimit(overLimit)
            .writeTimeout(writeTimeout)
            .build();
    return Site.start(container, transport, config, app -> {});
  }

  /** Begun to be sent, as otherwise an error would take the place of all that waits. */
  private SafeAsyncResponse begun(Site site) throws Exception {
    SafeAsyncResponse response = site.take();
    assertThat(write(response, 0)).isTrue();
    assertThat(Site.flushed(response)).isTrue();
    return response;
  }

  private void writeUntilRefused(SafeAsyncResponse response) {
    int number = 1;
    while (write(response, number)) {
      number++;
    }
  }

  private static void failedAsTooSlow(SafeAsyncResponse response) throws Exception {
    End end = Site.endOf(response);
    assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
    assertThat(end.cause()).containsInstanceOf(SlowClientException.class);
  }

  private boolean write(SafeAsyncResponse response, int number) {
    ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
    while (bytes.hasRemaining()) {
      bytes.putInt(number);
    }
    boolean taken = response.writeOwned(bytes.flip());
    if (taken) {
      accepted.add(number);
    }
    mostPending.accumulateAndGet(((ExchangeResponse) response).pendingBytes(), Math::max);
    return taken;
  }

  /** The body is what was accepted, in order and no more. */
  private void assertAccepted(SlowReader.Body body) {
    assertThat(body.isComplete()).isTrue();
    ByteBuffer expected = ByteBuffer.allocate(accepted.size() * CHUNK);
    for (int number : accepted) {
      for (int i = 0; i < CHUNK; i += Integer.BYTES) {
        expected.putInt(number);
      }
    }
    assertThat(body.bytes()).isEqualTo(expected.array());
  }
}
