package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A body that is bound until it has been read or closed. */
final class BoundStream extends FilterInputStream {

  private final Handle bound;
  private final CancellationToken token;

  BoundStream(InputStream in, Handle bound, CancellationToken token) {
    super(in);
    this.bound = bound;
    this.token = token;
  }

  @Override
  public int read() throws IOException {
    try {
      return met(super.read());
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      return met(super.read(bytes, offset, length));
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    }
  }

  private int met(int read) {
    if (read < 0) {
      bound.remove();
    }
    return read;
  }

  @Override
  public void close() throws IOException {
    try {
      super.close();
    } finally {
      bound.remove();
    }
  }
}
