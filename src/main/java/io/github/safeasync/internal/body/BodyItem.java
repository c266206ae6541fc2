package io.github.safeasync.internal.body;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What an application can put into an {@link Outbox}. */
public sealed interface BodyItem {

  /** What an item takes of the heap beside its bytes: the objects that hold it, rounded up. */
  int OVERHEAD = 128;

  /** Returns how many bytes of the heap it takes while it waits. */
  default long weight() {
    return OVERHEAD;
  }

  /** Returns whether nothing can follow. */
  default boolean isLast() {
    return false;
  }

  /** A part of the body, and what is special about it; nobody but the outbox touches the bytes. */
  record Chunk(ByteBuffer bytes, Kind kind) implements BodyItem {

    enum Kind {
      PLAIN,
      /** To be sent at once. */
      FLUSHED,
      /** Written to find out whether the client is there, and to be sent at once. */
      HEARTBEAT;

      boolean isFlushed() {
        return this != PLAIN;
      }
    }

    @Override
    public long weight() {
      return OVERHEAD + (long) bytes.remaining();
    }
  }

  /** A wish to send all that is before it, and the future that waits for it. */
  record Flush(CompletableFuture<Boolean> done) implements BodyItem {}

  /** The end of the body, with its last bytes, if any. */
  record Finish(@Nullable Chunk chunk) implements BodyItem {

    @Override
    public long weight() {
      return chunk == null ? 0 : chunk.weight();
    }

    @Override
    public boolean isLast() {
      return true;
    }
  }

  /** An error in place of the body, or a redirect, whose message says where to. */
  record Failure(int status, @Nullable String message) implements BodyItem {

    @Override
    public long weight() {
      return 0;
    }

    @Override
    public boolean isLast() {
      return true;
    }
  }
}
