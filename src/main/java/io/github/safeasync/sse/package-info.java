/**
 * Server-sent events (HTML standard, section 9.2) on top of a {@link
 * io.github.safeasync.SafeAsyncResponse}. An {@link io.github.safeasync.sse.SseStream} is the
 * stream of one client, an {@link io.github.safeasync.sse.SseGroup} sends to many, and an {@link
 * io.github.safeasync.sse.SseMessage} is what they are sent:
 *
 * <pre>{@code
 * SseGroup news = SseGroup.replaying(1000);                  // once, in a field
 *
 * protected void doGet(HttpServletRequest request, HttpServletResponse ignored) {
 *   SseStream stream = SseStream.open(request);
 *   stream.heartbeat(Duration.ofSeconds(15));
 *   news.add(stream);                                        // until the client disconnects
 * }
 *
 * news.send(SseMessage.of("hello").id("42"));                // from any thread
 * }</pre>
 *
 * <p>The filter's {@code timeout} ends a stream as any other exchange: set it to 0, or to how long
 * a stream may last. A client that connects again is sent what it has missed.
 */
@NullMarked
package io.github.safeasync.sse;

import org.jspecify.annotations.NullMarked;
