package io.github.safeasync;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.CharBuffer;
import org.jspecify.annotations.Nullable;

/** The text of a {@link GuardedRequest}: at its end once the exchange is. */
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

  @Override
  public int read() throws IOException {
    return gate.mayRead() ? reader.read() : -1;
  }

  @Override
  public int read(char[] cbuf) throws IOException {
    return gate.mayRead() ? reader.read(cbuf) : -1;
  }

  @Override
  public int read(char[] cbuf, int off, int len) throws IOException {
    return gate.mayRead() ? reader.read(cbuf, off, len) : -1;
  }

  @Override
  public int read(CharBuffer target) throws IOException {
    return gate.mayRead() ? reader.read(target) : -1;
  }

  @Override
  public @Nullable String readLine() throws IOException {
    return gate.mayRead() ? reader.readLine() : null;
  }

  @Override
  public long skip(long n) throws IOException {
    return gate.mayRead() ? reader.skip(n) : 0;
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
