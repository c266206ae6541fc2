package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import java.io.IOException;
import java.net.URI;
import java.util.Objects;
import org.springframework.http.HttpMethod;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;

/**
 * Ends the calls of Spring's {@code RestClient} and {@code RestTemplate} with the exchange for
 * which they are made, whichever client makes them:
 *
 * <pre>{@code
 * RestClient client =
 *     RestClient.builder()
 *         .requestFactory(SafeAsyncRequestFactory.around(new JdkClientHttpRequestFactory()))
 *         .build();
 * }</pre>
 *
 * <p>A call belongs to the exchange that is {@linkplain CancellationToken#current() current} on the
 * thread that makes it. When the exchange cancels its work, the call is aborted: its caller sees
 * what the client throws of a connection that is cut off. One that would begin later is not made.
 * The call is bound until the response is closed, or its body has been read.
 *
 * <p>Wrap the factory of a client itself, inside of those that buffer or intercept. Calls of {@code
 * java.net.http}, httpclient5 and Jetty's client are aborted at any time, those of {@code
 * HttpURLConnection} while they wait for an answer, but not while a body is read. Of any other
 * client the calling thread is interrupted as long as it waits for an answer, and the interrupt is
 * taken back.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class SafeAsyncRequestFactory implements ClientHttpRequestFactory {

  private final ClientHttpRequestFactory factory;

  private SafeAsyncRequestFactory(ClientHttpRequestFactory factory) {
    this.factory = factory;
  }

  /**
   * Returns a factory whose requests are made by another one.
   *
   * @param factory the factory of a client
   * @return a factory as thread-safe as that one
   * @throws NullPointerException if the factory is null
   */
  public static ClientHttpRequestFactory around(ClientHttpRequestFactory factory) {
    Objects.requireNonNull(factory, "factory");
    ClientHttpRequestFactory ofJdk = SpringJdkFactory.around(factory);
    return ofJdk == null ? new SafeAsyncRequestFactory(factory) : ofJdk;
  }

  /**
   * Makes a request. Called by Spring.
   *
   * @param uri where to
   * @param method the HTTP method
   * @return the request, which is bound when it is executed
   * @throws IOException if the wrapped factory throws it
   */
  @Override
  public ClientHttpRequest createRequest(URI uri, HttpMethod method) throws IOException {
    ClientHttpRequest request = factory.createRequest(uri, method);
    return request instanceof StreamingHttpOutputMessage streaming
        ? new BoundRequest.Streaming(request, streaming)
        : new BoundRequest(request);
  }
}
