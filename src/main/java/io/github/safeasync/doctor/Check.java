package io.github.safeasync.doctor;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One request that is held, and what became of it. Thread-safe. */
final class Check {

  private static final byte[] SPACES = new byte[8192];

  static {
    Arrays.fill(SPACES, (byte) ' ');
  }

  /** At most, whoever asks for more: 512 KiB. */
  private static final int MOST_WRITES = 64;

  private final SafeAsyncResponse response;
  private final AtomicInteger writes = new AtomicInteger();
  private volatile int writtenBefore;
  private volatile @Nullable End end;

  Check(SafeAsyncResponse response) {
    this.response = response;
  }

  boolean isHeld() {
    return end == null;
  }

  void ended(End how) {
    writtenBefore = written();
    end = how;
  }

  /** Sends a piece of the body, as an application does that streams. */
  void write() {
    if (isHeld() && writes.incrementAndGet() <= MOST_WRITES) {
      boolean unused = response.writeAndFlush(ByteBuffer.wrap(SPACES));
    }
  }

  private int written() {
    return Math.min(writes.get(), MOST_WRITES) * SPACES.length;
  }

  void release() {
    response.finish();
  }

  /** Returns its state, for the doctor, which knows the names. */
  @Override
  public String toString() {
    End now = end;
    if (now == null) {
      return "state: PENDING\ndetection: " + response.detection() + "\n";
    }
    String written = "written: " + writtenBefore + "\n";
    return now.departure()
        .map(
            gone ->
                "state: DISCONNECTED\nevidence: "
                    + gone.evidence()
                    + "\nago: "
                    + Duration.between(gone.noticedAt(), Instant.now()).toNanos()
                    + "\n"
                    + written)
        .orElse("state: " + now.kind() + "\n" + written);
  }
}
