package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.body.Outbox;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The body as a stream: what is written is kept together in pieces, each of which waits for room
 * where the thread may. Not thread-safe, as it waits with no lock held.
 */
final class ResponseOutputStream extends OutputStream {

  /** As much as the containers' own buffers hold. */
  private static final int PIECE = 8192;

  private final ExchangeResponse response;
  private final Outbox outbox;
  private final byte[] piece = new byte[PIECE];
  private int length;
  private boolean closed;
  private boolean failed;

  ResponseOutputStream(ExchangeResponse response, Outbox outbox) {
    this.response = response;
    this.outbox = outbox;
  }

  @Override
  public void write(int b) throws IOException {
    requireOpen();
    if (length == PIECE) {
      sendPiece();
    }
    piece[length++] = (byte) b;
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, bytes.length);
    requireOpen();
    int from = offset;
    int left = count;
    while (left > 0) {
      if (length == PIECE) {
        sendPiece();
      }
      int part = Math.min(left, PIECE - length);
      System.arraycopy(bytes, from, piece, length, part);
      length += part;
      from += part;
      left -= part;
    }
  }

  /** Sends what was written so far, and does not wait for that. */
  @Override
  public void flush() throws IOException {
    requireOpen();
    sendPiece();
    CompletableFuture<Boolean> sent = outbox.flush();
    if (sent.isDone() && !sent.join()) {
      throw refused();
    }
  }

  /** Finishes the response, unless it is clear already that it has failed. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (failed) {
      return;
    }
    sendPiece();
    if (!response.finish()) {
      throw refused();
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("The stream is closed");
    }
    if (!response.isOpen()) {
      throw refused();
    }
  }

  private void sendPiece() throws IOException {
    if (length == 0) {
      return;
    }
    // What waits holds no more of the heap than it is counted for.
    ByteBuffer next = ByteBuffer.wrap(Arrays.copyOf(piece, length));
    length = 0;
    if (!response.isOpen() || !outbox.writeOnceThereIsRoom(next)) {
      throw refused();
    }
  }

  private IOException refused() {
    failed = true;
    return response.refusal();
  }
}
