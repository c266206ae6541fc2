/**
 * Server-sent events (HTML standard, section 9.2) on top of a {@link
 * io.github.safeasync.SafeAsyncResponse}: {@link io.github.safeasync.sse.SseStream} is one client,
 * {@link io.github.safeasync.sse.SseGroup} sends to many, {@link
 * io.github.safeasync.sse.SseMessage} is what they are sent.
 *
 * <pre>{@code
 * SseGroup news = SseGroup.replaying(1000);                  // once
 *
 * SseStream stream = SseStream.open(request);                // for each client
 * stream.heartbeat(Duration.ofSeconds(15));
 * news.add(stream);
 *
 * news.send(SseMessage.of("hello").id("42"));                  // from any thread
 * }</pre>
 */
@NullMarked
package io.github.safeasync.sse;

import org.jspecify.annotations.NullMarked;
