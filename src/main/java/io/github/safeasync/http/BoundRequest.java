package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpResponse;

/** A request of Spring's that is bound to the exchange for which it is executed. */
class BoundRequest implements ClientHttpRequest {

  /** One whose body is written when it is sent. */
  static final class Streaming extends BoundRequest implements StreamingHttpOutputMessage {

    private final StreamingHttpOutputMessage streaming;

    Streaming(ClientHttpRequest request, StreamingHttpOutputMessage streaming) {
      super(request);
      this.streaming = streaming;
    }

    @Override
    public void setBody(Body body) {
      streaming.setBody(body);
    }
  }

  private final ClientHttpRequest request;

  BoundRequest(ClientHttpRequest request) {
    this.request = request;
  }

  @Override
  public ClientHttpResponse execute() throws IOException {
    CancellationToken token = CancellationToken.current();
    if (token == CancellationToken.none()) {
      return request.execute();
    } else if (token.isCancelled()) {
      throw AbortedCall.failure(getMethod() + " " + getURI(), token);
    }
    AutoCloseable abort = SpringAborts.of(request);
    return abort == null ? interrupted(token) : aborted(token, abort);
  }

  private ClientHttpResponse aborted(CancellationToken token, AutoCloseable abort)
      throws IOException {
    Handle bound = token.bind(abort);
    boolean reading = false;
    try {
      ClientHttpResponse response = new BoundResponse(request.execute(), bound, token);
      reading = true;
      return response;
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    } catch (RuntimeException own) {
      throw confused(own, token);
    } finally {
      if (!reading) {
        bound.remove();
      }
    }
  }

  /** An HttpURLConnection that another thread disconnects may throw a NullPointerException. */
  private IOException confused(RuntimeException own, CancellationToken token) {
    if (!token.isCancelled()) {
      throw own;
    }
    IOException failure = AbortedCall.failure(getMethod() + " " + getURI(), token);
    failure.addSuppressed(own);
    return failure;
  }

  /** Of a client that is not known: whoever waits in it can be interrupted, if anything. */
  private ClientHttpResponse interrupted(CancellationToken token) throws IOException {
    Handle bound = token.bind(Thread.currentThread());
    try {
      return request.execute();
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    } finally {
      bound.remove();
    }
  }

  @Override
  public HttpMethod getMethod() {
    return request.getMethod();
  }

  @Override
  public URI getURI() {
    return request.getURI();
  }

  @Override
  public HttpHeaders getHeaders() {
    return request.getHeaders();
  }

  @Override
  public Map<String, Object> getAttributes() {
    return request.getAttributes();
  }

  @Override
  public OutputStream getBody() throws IOException {
    return request.getBody();
  }

  @Override
  public String toString() {
    return request.toString();
  }
}
