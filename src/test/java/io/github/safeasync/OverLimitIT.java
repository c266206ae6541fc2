package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Transport;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
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
      for (int i = 0; i < 20; i++) {
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
      SafeAsyncResponse response = begun(site);
      Thread writer =
          new Thread(
              () -> {
                for (int number = 1; number < 400 && write(response, number); number++) {
                  // The next one.
                }
                response.finish();
              });
      writer.start();
      Witness.await()
          .atMost(Witness.SOON.multipliedBy(5))
          .until(() -> writer.getState() == Thread.State.TIMED_WAITING);
      assertThat(response.isOpen()).isTrue();
      SlowReader.Body body = client.read();
      writer.join();
      assertThat(accepted).hasSize(400);
      assertAccepted(body);
      assertThat(mostPending).hasValueBetween(MARK, MARK + CHUNK);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
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
      assertThat(mostPending).hasValueBetween(MARK, MARK + CHUNK);
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
