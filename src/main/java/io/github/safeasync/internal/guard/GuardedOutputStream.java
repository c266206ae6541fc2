package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The stream of a {@link GuardedResponse}. After the end every write and flush fails, as on every
 * container, and none reaches it.
 *
 * <p>Once the end has come it is ready until a write has failed or was dropped, and never again: a
 * loop that waits for readiness comes to the write that tells it of the end, and one that writes
 * while there is readiness ends even where it ignores the failure.
 */
public final class GuardedOutputStream extends ServletOutputStream {

  private final Gate gate;
  private final ServletOutputStream stream;

  /** Whether something was refused, or dropped, after the end. */
  private volatile boolean refused;

  GuardedOutputStream(Gate gate, ServletOutputStream stream) {
    this.gate = gate;
    this.stream = stream;
  }

  /** Whether this guards the given stream. */
  boolean guards(ServletOutputStream other) {
    return stream == other;
  }

  @Override
  public boolean isReady() {
    return gate.isFree() ? stream.isReady() : gate.isReady(stream::isReady, !refused);
  }

  @Override
  public void setWriteListener(WriteListener listener) {
    GuardedWriteListener guarded = new GuardedWriteListener(gate.exchange(), listener);
    if (gate.isFree()) {
      stream.setWriteListener(guarded);
    } else {
      boolean set =
          gate.actUnderLock(
              () -> {
                gate.exchange().streamed();
                stream.setWriteListener(guarded);
                gate.exchange().listenerSet();
                gate.exchange().listens(guarded);
              });
      if (!set) {
        gate.exchange().listensLate(guarded);
      }
    }
  }

  @Override
  public void write(int b) throws IOException {
    if (gate.isFree()) {
      try {
        stream.write(b);
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else {
      send(() -> stream.write(b));
    }
  }

  @Override
  public void write(byte[] b) throws IOException {
    if (gate.isFree()) {
      try {
        stream.write(b);
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else {
      send(() -> stream.write(b));
    }
  }

  @Override
  public void write(byte[] b, int off, int len) throws IOException {
    if (gate.isFree()) {
      try {
        stream.write(b, off, len);
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else {
      send(() -> stream.write(b, off, len));
    }
  }

  @Override
  public void print(String s) throws IOException {
    send(() -> stream.print(s));
  }

  @Override
  public void print(boolean b) throws IOException {
    send(() -> stream.print(b));
  }

  @Override
  public void print(char c) throws IOException {
    send(() -> stream.print(c));
  }

  @Override
  public void print(int i) throws IOException {
    send(() -> stream.print(i));
  }

  @Override
  public void print(long l) throws IOException {
    send(() -> stream.print(l));
  }

  @Override
  public void print(float f) throws IOException {
    send(() -> stream.print(f));
  }

  @Override
  public void print(double d) throws IOException {
    send(() -> stream.print(d));
  }

  @Override
  public void println() throws IOException {
    send(() -> stream.println());
  }

  @Override
  public void println(String s) throws IOException {
    send(() -> stream.println(s));
  }

  @Override
  public void println(boolean b) throws IOException {
    send(() -> stream.println(b));
  }

  @Override
  public void println(char c) throws IOException {
    send(() -> stream.println(c));
  }

  @Override
  public void println(int i) throws IOException {
    send(() -> stream.println(i));
  }

  @Override
  public void println(long l) throws IOException {
    send(() -> stream.println(l));
  }

  @Override
  public void println(float f) throws IOException {
    send(() -> stream.println(f));
  }

  @Override
  public void println(double d) throws IOException {
    send(() -> stream.println(d));
  }

  @Override
  public void flush() throws IOException {
    send(stream::flush);
  }

  /** Never fails after the end: closing is how an application lets go. */
  @Override
  public void close() throws IOException {
    if (gate.isFree()) {
      try {
        stream.close();
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else {
      gate.sendOrDrop(stream::close);
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public void write(ByteBuffer bytes) throws IOException {
    if (gate.isFree()) {
      try {
        Servlet61.write(stream, bytes);
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else if (gate.exchange().isLive()) {
      send(() -> Servlet61.write(stream, bytes));
    } else {
      bytes.position(bytes.limit());
      refuse();
    }
  }

  private void send(Gate.IoCall call) throws IOException {
    if (gate.isFree()) {
      try {
        call.run();
      } catch (IOException failure) {
        throw gate.ofWrite(failure);
      }
    } else if (!gate.isSent(call)) {
      refuse();
    }
  }

  private void refuse() throws IOException {
    refused = true;
    gate.refuse();
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedOutputStream of " + gate.exchange();
  }
}
