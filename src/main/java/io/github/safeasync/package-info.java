/**
 * Asynchronous servlets that notice at once when their client disconnects, stop its work, and whose
 * late writes are harmless. Map a {@link io.github.safeasync.SafeAsyncFilter} to the requests; the
 * {@link io.github.safeasync.SafeAsyncConfig} says what it does, by init-params or in code. A
 * servlet that stays unchanged is guarded as it is; one that wants more takes a {@link
 * io.github.safeasync.SafeAsyncResponse}, whose methods may be called from any thread at any time:
 *
 * <pre>{@code
 * protected void doGet(HttpServletRequest request, HttpServletResponse ignored) {
 *   SafeAsyncResponse response = SafeAsyncResponse.of(request);         // starts async
 *   response.onDisconnect(departure -> log.info("client has gone: {}", departure));
 *   response.cancelOnDisconnect(search);                                // a CompletableFuture
 *   search.whenComplete(response.guard((result, failure) -> {
 *     response.contentType("text/plain").write(result);                 // false after a disconnect
 *     response.finish();                                                // harmless twice, late, anywhere
 *   }));
 * }
 * }</pre>
 *
 * <p>An exchange has exactly one {@link io.github.safeasync.End}. If that is a disconnect, the
 * {@link io.github.safeasync.Departure} says what showed it and when. Code that knows nothing of
 * servlets is handed a {@link io.github.safeasync.CancellationToken}. Unless a method says
 * otherwise, nothing is null, neither arguments nor results, and every type is thread-safe or
 * immutable, but for the configuration's builder.
 */
@NullMarked
package io.github.safeasync;

import org.jspecify.annotations.NullMarked;
