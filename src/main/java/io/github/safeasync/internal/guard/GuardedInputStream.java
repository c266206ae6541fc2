package io.github.safeasync.internal.guard;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The body of a {@link GuardedRequest}. What has arrived is read to its end though the client has
 * gone; what is missing throws, as it does on the container, so that half a body is never taken for
 * a whole one, and nobody reads the body of the connection's next request.
 */
final class GuardedInputStream extends ServletInputStream {

  private final Gate gate;
  private final RequestBody body;
  private final ServletInputStream input;

  GuardedInputStream(Gate gate, ServletInputStream input) {
    this.gate = gate;
    this.body = gate.exchange().body();
    this.input = input;
  }

  /** Whether this guards the given stream. */
  boolean guards(ServletInputStream other) {
    return input == other;
  }

  @Override
  public int read() throws IOException {
    try {
      int read = gate.isFree() ? input.read() : gate.readBody(input::read, -1);
      body.met(read < 0 ? read : 1);
      return read;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int read(byte[] b) throws IOException {
    try {
      return body.met(gate.isFree() ? input.read(b) : gate.readBody(() -> input.read(b), -1));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int read(byte[] b, int off, int len) throws IOException {
    try {
      return body.met(
          gate.isFree()
              ? input.read(b, off, len)
              : gate.readBody(() -> input.read(b, off, len), -1));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int readLine(byte[] b, int off, int len) throws IOException {
    try {
      return body.met(
          gate.isFree()
              ? input.readLine(b, off, len)
              : gate.readBody(() -> input.readLine(b, off, len), -1));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public byte[] readAllBytes() throws IOException {
    try {
      byte[] read =
          gate.isFree() ? input.readAllBytes() : gate.readBody(input::readAllBytes, new byte[0]);
      body.met(read.length, Integer.MAX_VALUE);
      return read;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public byte[] readNBytes(int len) throws IOException {
    try {
      byte[] read =
          gate.isFree()
              ? input.readNBytes(len)
              : gate.readBody(() -> input.readNBytes(len), new byte[0]);
      body.met(read.length, len);
      return read;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int readNBytes(byte[] b, int off, int len) throws IOException {
    try {
      int read =
          gate.isFree()
              ? input.readNBytes(b, off, len)
              : gate.readBody(() -> input.readNBytes(b, off, len), 0);
      body.met(read, len);
      return read;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public int read(ByteBuffer buffer) throws IOException {
    try {
      return body.met(
          gate.isFree()
              ? Servlet61.read(input, buffer)
              : gate.readBody(() -> Servlet61.read(input, buffer), -1));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public long skip(long n) throws IOException {
    try {
      return gate.isFree() ? skipped(n) : gate.readBody(() -> skipped(n), 0L);
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  /** Less is no end: the stream may be of a wrapper that skips what it has at hand. */
  private long skipped(long wanted) throws IOException {
    long skipped = input.skip(wanted);
    body.read(skipped);
    if (skipped < wanted && input.isFinished()) {
      body.endRead();
    }
    return skipped;
  }

  /** Throws where nothing can come any more: 0 would have a loop wait for ever. */
  @Override
  public int available() throws IOException {
    try {
      return gate.isFree() ? input.available() : gate.readBody(input::available, 0);
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public void close() throws IOException {
    if (gate.isFree()) {
      input.close();
    } else {
      gate.closeBody(input);
    }
  }

  @Override
  public boolean markSupported() {
    return gate.isFree() ? input.markSupported() : gate.askBody(input::markSupported, false);
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // the container's stream sees to that
  public void mark(int readlimit) {
    if (gate.isFree()) {
      input.mark(readlimit);
    } else {
      gate.askBody(
          () -> {
            input.mark(readlimit);
            return true;
          },
          false);
    }
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // the container's stream sees to that
  public void reset() throws IOException {
    if (gate.isFree()) {
      input.reset();
    } else {
      gate.readBody(
          () -> {
            input.reset();
            return true;
          },
          false);
    }
  }

  @Override
  public boolean isFinished() {
    return gate.isFree()
        ? body.isFinished(input.isFinished())
        : gate.askBody(() -> body.isFinished(input.isFinished()), body.isWhole());
  }

  /** A read that would throw waits for nothing. */
  @Override
  public boolean isReady() {
    return gate.isFree() ? input.isReady() : gate.askBody(input::isReady, true);
  }

  @Override
  public void setReadListener(ReadListener listener) {
    GuardedReadListener guarded = new GuardedReadListener(gate.exchange(), listener);
    if (gate.isFree()) {
      input.setReadListener(guarded);
      body.listens(guarded);
    } else if (!gate.askBody(() -> isHeard(guarded), false)) {
      gate.exchange().callBack(guarded::end);
    }
  }

  private boolean isHeard(GuardedReadListener listener) {
    input.setReadListener(listener);
    body.listens(listener);
    return true;
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedInputStream of " + gate.exchange();
  }
}
