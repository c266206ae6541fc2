package io.github.safeasync;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The body of a {@link GuardedRequest}. Once the exchange has ended nobody reads the body of the
 * connection's next request; what is missing then throws, as it does on the container, so that half
 * a body is never taken for a whole one.
 */
final class GuardedInput extends ServletInputStream {

  private final Gate gate;
  private final ServletInputStream input;

  GuardedInput(Gate gate, ServletInputStream input) {
    this.gate = gate;
    this.input = input;
  }

  /** The end of the body: what comes on the connection from now on is the client's departure. */
  private int seen(int read) {
    if (read == -1) {
      gate.exchange().bodyRead();
    }
    return read;
  }

  /** As many as were wanted, or those before the end of the body. */
  private int seen(int read, int wanted) {
    if (read < wanted) {
      gate.exchange().bodyRead();
    }
    return read;
  }

  /** Whether this guards the given stream. */
  boolean guards(ServletInputStream other) {
    return input == other;
  }

  @Override
  public int read() throws IOException {
    return seen(gate.mayRead() ? input.read() : gate.atBodyEnd(-1));
  }

  @Override
  public int read(byte[] b) throws IOException {
    return seen(gate.mayRead() ? input.read(b) : gate.atBodyEnd(-1));
  }

  @Override
  public int read(byte[] b, int off, int len) throws IOException {
    return seen(gate.mayRead() ? input.read(b, off, len) : gate.atBodyEnd(-1));
  }

  @Override
  public int readLine(byte[] b, int off, int len) throws IOException {
    return seen(gate.mayRead() ? input.readLine(b, off, len) : gate.atBodyEnd(-1));
  }

  @Override
  public byte[] readAllBytes() throws IOException {
    byte[] all = gate.mayRead() ? input.readAllBytes() : gate.atBodyEnd(new byte[0]);
    gate.exchange().bodyRead();
    return all;
  }

  @Override
  public byte[] readNBytes(int len) throws IOException {
    byte[] read = gate.mayRead() ? input.readNBytes(len) : gate.atBodyEnd(new byte[0]);
    int unused = seen(read.length, len);
    return read;
  }

  @Override
  public int readNBytes(byte[] b, int off, int len) throws IOException {
    return seen(gate.mayRead() ? input.readNBytes(b, off, len) : gate.atBodyEnd(0), len);
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public int read(ByteBuffer buffer) throws IOException {
    return seen(gate.mayRead() ? Servlet61.read(input, buffer) : gate.atBodyEnd(-1));
  }

  @Override
  public long skip(long n) throws IOException {
    return gate.mayRead() ? input.skip(n) : gate.atBodyEnd(0L);
  }

  @Override
  public int available() throws IOException {
    return gate.mayRead() ? input.available() : gate.atBodyEnd(0);
  }

  @Override
  public void close() throws IOException {
    if (gate.mayRead()) {
      input.close();
    }
  }

  @Override
  public boolean markSupported() {
    return gate.mayRead() && input.markSupported();
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // the container's stream sees to that
  public void mark(int readlimit) {
    if (gate.mayRead()) {
      input.mark(readlimit);
    }
  }

  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // the container's stream sees to that
  public void reset() throws IOException {
    if (gate.mayRead()) {
      input.reset();
    }
  }

  @Override
  public boolean isFinished() {
    boolean finished = gate.mayRead() ? input.isFinished() : gate.exchange().isBodyRead();
    if (finished) {
      gate.exchange().bodyRead();
    }
    return finished;
  }

  /** A read that would throw waits for nothing. */
  @Override
  public boolean isReady() {
    return !gate.mayRead() || input.isReady();
  }

  @Override
  public void setReadListener(ReadListener listener) {
    if (gate.mayRead()) {
      input.setReadListener(listener);
    } else {
      gate.exchange()
          .exchanges()
          .callBack(() -> listener.onError(gate.exchange().endedException()));
    }
  }
}
