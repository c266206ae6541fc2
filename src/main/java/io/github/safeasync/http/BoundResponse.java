package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import java.io.InputStream;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.ClientHttpResponse;

/** A response of Spring's that is bound until its body has been read, or it is closed. */
final class BoundResponse implements ClientHttpResponse {

  private final ClientHttpResponse response;
  private final Handle bound;
  private final CancellationToken token;

  BoundResponse(ClientHttpResponse response, Handle bound, CancellationToken token) {
    this.response = response;
    this.bound = bound;
    this.token = token;
  }

  @Override
  public HttpStatusCode getStatusCode() throws IOException {
    return response.getStatusCode();
  }

  @Override
  public String getStatusText() throws IOException {
    return response.getStatusText();
  }

  @Override
  public HttpHeaders getHeaders() {
    return response.getHeaders();
  }

  @Override
  public InputStream getBody() throws IOException {
    return new BoundStream(response.getBody(), bound, token);
  }

  @Override
  public void close() {
    try {
      response.close();
    } finally {
      bound.remove();
    }
  }

  @Override
  public String toString() {
    return response.toString();
  }
}
