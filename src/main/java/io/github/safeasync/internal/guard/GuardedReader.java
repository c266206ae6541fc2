package io.github.safeasync.internal.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.CharBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The text of a {@link GuardedRequest}: as its {@link GuardedInputStream}, what has arrived is read
 * to its end, and what is missing throws.
 */
final class GuardedReader extends BufferedReader {

  private static final int MOST_AT_ONCE = 4096;

  private final Gate gate;
  private final RequestBody body;
  private final BufferedReader reader;
  private final Octets octets;

  /**
   * Makes the guard of a container's reader.
   *
   * @param charset the name of what the container decodes; null for the default
   */
  GuardedReader(Gate gate, BufferedReader reader, @Nullable String charset) {
    super(Reader.nullReader(), 1);
    this.octets = Octets.of(charset);
    this.gate = gate;
    this.body = gate.exchange().body();
    this.reader = reader;
  }

  /** Whether this guards the given reader. */
  boolean guards(BufferedReader other) {
    return reader == other;
  }

  /** The end, or characters that were read into the sequence. */
  private int met(int read, CharSequence into) throws IOException {
    if (read < 0) {
      body.endRead(octets.atMost());
    } else {
      octets.add(into.subSequence(0, read));
      body.someRead();
    }
    return read;
  }

  @Override
  public int read() throws IOException {
    try {
      int read = gate.isFree() ? reader.read() : gate.readBody(reader::read, -1);
      if (read < 0) {
        body.endRead(octets.atMost());
      } else {
        octets.add((char) read);
        body.someRead();
      }
      return read;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int read(char[] cbuf) throws IOException {
    return read(cbuf, 0, cbuf.length);
  }

  @Override
  public int read(char[] cbuf, int off, int len) throws IOException {
    try {
      int read =
          gate.isFree()
              ? reader.read(cbuf, off, len)
              : gate.readBody(() -> reader.read(cbuf, off, len), -1);
      return met(read, CharBuffer.wrap(cbuf, off, len));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public int read(CharBuffer target) throws IOException {
    try {
      CharBuffer into = target.duplicate();
      return met(
          gate.isFree() ? reader.read(target) : gate.readBody(() -> reader.read(target), -1), into);
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public @Nullable String readLine() throws IOException {
    try {
      String line =
          gate.isFree()
              ? reader.readLine()
              : gate.readBody(
                      () -> Optional.ofNullable(reader.readLine()), Optional.<String>empty())
                  .orElse(null);
      if (line == null) {
        body.endRead(octets.atMost());
      } else {
        octets.addLine(line);
        body.someRead();
      }
      return line;
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  /** Reads, so that what is missing throws. */
  @Override
  public long skip(long n) throws IOException {
    if (n < 0) {
      throw new IllegalArgumentException("skip value is negative");
    }
    char[] passed = new char[(int) Math.min(n, MOST_AT_ONCE)];
    long skipped = 0;
    for (int read; skipped < n; skipped += read) {
      read = read(passed, 0, (int) Math.min(n - skipped, passed.length));
      if (read < 0) {
        break;
      }
    }
    return skipped;
  }

  @Override
  public boolean ready() throws IOException {
    try {
      return gate.isFree() ? reader.ready() : gate.readBody(reader::ready, false);
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    }
  }

  @Override
  public boolean markSupported() {
    return gate.isFree() ? reader.markSupported() : gate.askBody(reader::markSupported, false);
  }

  @Override
  public void mark(int readAheadLimit) throws IOException {
    if (gate.isFree()) {
      reader.mark(readAheadLimit);
    } else {
      gate.openBody(
          () -> {
            reader.mark(readAheadLimit);
            return true;
          },
          false);
    }
  }

  @Override
  public void reset() throws IOException {
    if (gate.isFree()) {
      reader.reset();
    } else {
      gate.readBody(
          () -> {
            reader.reset();
            return true;
          },
          false);
    }
  }

  @Override
  public void close() throws IOException {
    if (gate.isFree()) {
      reader.close();
    } else {
      gate.closeBody(reader);
    }
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedReader of " + gate.exchange();
  }
}
