package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/** The body of a response, which is bound until it has been read or closed. */
final class BoundEntity extends HttpEntityWrapper {

  private final Handle bound;
  private final CancellationToken token;

  BoundEntity(HttpEntity entity, Handle bound, CancellationToken token) {
    super(entity);
    this.bound = bound;
    this.token = token;
  }

  @Override
  public InputStream getContent() throws IOException {
    return new BoundStream(super.getContent(), bound, token);
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    try {
      super.writeTo(out);
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    } finally {
      bound.remove();
    }
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
