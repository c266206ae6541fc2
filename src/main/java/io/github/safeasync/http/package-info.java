/**
 * Calls of HTTP clients that end with the client for whom they are made: a chain of services
 * collapses from one client that hangs up, without code in any of them.
 *
 * <pre>{@code
 * HttpClient client = SafeAsyncHttpClient.around(HttpClient.newHttpClient());
 * }</pre>
 *
 * <p>A call that is made on a thread with a {@linkplain
 * io.github.safeasync.CancellationToken#current() current} exchange is aborted when that cancels
 * its work, while it waits for the answer and while the body is read. Its caller sees an {@link
 * java.io.IOException}, as of a connection that was cut off, with a {@link
 * java.util.concurrent.CancellationException} that says why among its causes. Calls of other
 * threads go straight to the wrapped client.
 *
 * <p>{@link io.github.safeasync.http.SafeAsyncHttpClient} is for {@code java.net.http}; {@link
 * io.github.safeasync.http.SafeAsyncExecHandler} for Apache's {@code httpclient5}.
 */
@NullMarked
package io.github.safeasync.http;

import org.jspecify.annotations.NullMarked;
