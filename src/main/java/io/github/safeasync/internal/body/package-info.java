/**
 * The way of a response's body out, from any thread to whoever takes it: {@link
 * io.github.safeasync.internal.body.Outbox}. It names no type of the Servlet API; where it calls
 * out it has an interface of its own, {@link io.github.safeasync.internal.body.Outbox.Sink}.
 * Internal: not for applications.
 */
@NullMarked
package io.github.safeasync.internal.body;

import org.jspecify.annotations.NullMarked;
