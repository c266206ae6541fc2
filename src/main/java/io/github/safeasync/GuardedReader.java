package io.github.safeasync;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.CharBuffer;
import org.jspecify.annotations.Nullable;

/** The text of a {@link GuardedRequest}; see {@link GuardedInput}. */
final class GuardedReader extends BufferedReader {

  private final Gate gate;
  private final BufferedReader reader;

  GuardedReader(Gate gate, BufferedReader reader) {
    super(Reader.nullReader(), 1);
    this.gate = gate;
    this.reader = reader;
  }

  /** Whether this guards the given reader. */
  boolean guards(BufferedReader other) {
    return reader == other;
  }

  private int seen(int read) {
    if (read == -1) {
      gate.exchange().bodyRead();
    }
    return read;
  }

  @Override
  public int read() throws IOException {
    return seen(gate.mayRead() ? reader.read() : gate.atBodyEnd(-1));
  }

  @Override
  public int read(char[] cbuf) throws IOException {
    return seen(gate.mayRead() ? reader.read(cbuf) : gate.atBodyEnd(-1));
  }

  @Override
  public int read(char[] cbuf, int off, int len) throws IOException {
    return seen(gate.mayRead() ? reader.read(cbuf, off, len) : gate.atBodyEnd(-1));
  }

  @Override
  public int read(CharBuffer target) throws IOException {
    return seen(gate.mayRead() ? reader.read(target) : gate.atBodyEnd(-1));
  }

  @Override
  public @Nullable String readLine() throws IOException {
    String line = null;
    if (gate.mayRead()) {
      line = reader.readLine();
    } else {
      int unused = gate.atBodyEnd(-1);
    }
    if (line == null) {
      gate.exchange().bodyRead();
    }
    return line;
  }

  @Override
  public long skip(long n) throws IOException {
    return gate.mayRead() ? reader.skip(n) : gate.atBodyEnd(0L);
  }

  @Override
  public boolean ready() throws IOException {
    return gate.mayRead() && reader.ready();
  }

  @Override
  public boolean markSupported() {
    return gate.mayRead() && reader.markSupported();
  }

  @Override
  public void mark(int readAheadLimit) throws IOException {
    if (gate.mayRead()) {
      reader.mark(readAheadLimit);
    }
  }

  @Override
  public void reset() throws IOException {
    if (gate.mayRead()) {
      reader.reset();
    }
  }

  @Override
  public void close() throws IOException {
    if (gate.mayRead()) {
      reader.close();
    }
  }
}
