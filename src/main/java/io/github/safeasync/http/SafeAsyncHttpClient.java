package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import java.net.http.HttpClient;
import java.util.Objects;

/**
 * Makes clients of {@code java.net.http} whose calls end with the exchange for which they are made.
 *
 * <pre>{@code
 * HttpClient client = SafeAsyncHttpClient.around(HttpClient.newHttpClient());
 * }</pre>
 *
 * <p>A call belongs to the exchange that is {@linkplain CancellationToken#current() current} on the
 * thread that makes it. When the exchange cancels its work, the call is: {@code send} throws an
 * {@link java.io.IOException}, the future of {@code sendAsync} fails with one, and so does a body
 * that is still being read. One that would begin later is not made. A call that has been answered,
 * and whose body was read to its end or closed, is bound to nothing.
 *
 * <p>All else is the wrapped client's, and so is a call on a thread without an exchange. WebSockets
 * are left alone: they outlive a request. A client is as thread-safe as the wrapped one.
 *
 * @since 0.1.0
 */
public final class SafeAsyncHttpClient {

  private SafeAsyncHttpClient() {}

  /**
   * Returns a client that makes its calls by another one.
   *
   * @param client the client that makes them
   * @return a client as thread-safe as that one
   * @throws NullPointerException if the client is null
   */
  public static HttpClient around(HttpClient client) {
    return new BoundHttpClient(Objects.requireNonNull(client, "client"));
  }
}
