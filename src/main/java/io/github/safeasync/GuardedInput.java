package io.github.safeasync;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The body of a {@link GuardedRequest}: at its end once the exchange is, so that nobody reads the
 * body of the connection's next request.
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

  /** Whether this guards the given stream. */
  boolean guards(ServletInputStream other) {
    return input == other;
  }

  @Override
  public int read() throws IOException {
    return seen(gate.mayRead() ? input.read() : -1);
  }

  @Override
  public int read(byte[] b) throws IOException {
    return seen(gate.mayRead() ? input.read(b) : -1);
  }

  @Override
  public int read(byte[] b, int off, int len) throws IOException {
    return seen(gate.mayRead() ? input.read(b, off, len) : -1);
  }

  @Override
  public int readLine(byte[] b, int off, int len) throws IOException {
    return seen(gate.mayRead() ? input.readLine(b, off, len) : -1);
  }

  @Override
  public byte[] readAllBytes() throws IOException {
    return gate.mayRead() ? input.readAllBytes() : new byte[0];
  }

  @Override
  public byte[] readNBytes(int len) throws IOException {
    return gate.mayRead() ? input.readNBytes(len) : new byte[0];
  }

  @Override
  public int readNBytes(byte[] b, int off, int len) throws IOException {
    return gate.mayRead() ? input.readNBytes(b, off, len) : 0;
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public int read(ByteBuffer buffer) throws IOException {
    return seen(gate.mayRead() ? Servlet61.read(input, buffer) : -1);
  }

  @Override
  public long skip(long n) throws IOException {
    return gate.mayRead() ? input.skip(n) : 0;
  }

  @Override
  public int available() throws IOException {
    return gate.mayRead() ? input.available() : 0;
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
    return !gate.mayRead() || input.isFinished();
  }

  @Override
  public boolean isReady() {
    return !gate.mayRead() || input.isReady();
  }

  @Override
  public void setReadListener(ReadListener listener) {
    if (gate.mayRead()) {
      input.setReadListener(listener);
    }
  }
}
