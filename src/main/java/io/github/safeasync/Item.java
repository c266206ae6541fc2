package io.github.safeasync;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What an application can put into an {@link Outbox}. */
sealed interface Item {

  /** Answers whether nothing can follow. */
  default boolean isLast() {
    return false;
  }

  /** A part of the body; nobody but the outbox touches the bytes. */
  record Chunk(ByteBuffer bytes, boolean heartbeat) implements Item {}

  /** A wish to send all that is before it, and the future, if any, that waits for it. */
  record Flush(@Nullable CompletableFuture<Boolean> done) implements Item {}

  /** The end of the body, with its last bytes, if any. */
  record Finish(@Nullable ByteBuffer bytes) implements Item {

    @Override
    public boolean isLast() {
      return true;
    }
  }

  /** An error in place of the body. */
  record Failure(int status, @Nullable String message) implements Item {

    @Override
    public boolean isLast() {
      return true;
    }
  }
}
