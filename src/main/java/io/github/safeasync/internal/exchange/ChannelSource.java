package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.body.SlowClients;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.Executor;

/**
 * Reads a source on an executor as fast as the client takes it, finishes the response at the end of
 * the source, and closes the source at the end of the exchange, in whatever way it ends.
 *
 * <p>One task at a time: it reads while the response is writable, and comes back when it is again.
 */
final class ChannelSource implements Runnable {

  private static final int CHUNK = 32 * 1024;

  private final ExchangeResponse response;
  private final ReadableByteChannel source;
  private final Executor reader;

  private ChannelSource(ExchangeResponse response, ReadableByteChannel source, Executor reader) {
    this.response = response;
    this.source = source;
    this.reader = reader;
  }

  static void start(ExchangeResponse response, ReadableByteChannel source, Executor reader) {
    ChannelSource task = new ChannelSource(response, source, reader);
    response.onEnd(end -> close(response, source));
    task.next();
  }

  private void next() {
    try {
      reader.execute(this);
    } catch (RuntimeException refused) {
      response.sourceFailed(refused);
    }
  }

  @Override
  public void run() {
    try {
      while (response.isWritable()) {
        if (!readSome()) {
          return;
        }
      }
      response.onWritable(this::next);
    } catch (IOException | RuntimeException | Error e) {
      response.sourceFailed(e);
    }
  }

  /** Returns false at the end of the source. */
  private boolean readSome() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
    int length = source.read(bytes);
    if (length < 0) {
      close(response, source);
      response.finish();
      return false;
    }
    if (length == 0) {
      throw new IOException("The source is in non-blocking mode: " + source);
    }
    bytes.flip();
    // If the source has no more at the moment, what there is should not wait.
    boolean accepted = length < CHUNK ? response.writeAndFlush(bytes) : response.writeOwned(bytes);
    if (!accepted && response.isOpen()) {
      throw SlowClients.refusedPiece(length);
    }
    return true;
  }

  static void close(Object about, Closeable source) {
    try {
      source.close();
    } catch (IOException | RuntimeException e) {
      Log.ignored(about, "a failing close of a source", e);
    }
  }
}
