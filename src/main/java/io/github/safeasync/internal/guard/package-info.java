/**
 * What the application holds instead of the container's objects: request, response, streams,
 * AsyncContext and listeners. They know the exchange as {@link
 * io.github.safeasync.internal.guard.ExchangeAccess}, and come to the container through {@link
 * io.github.safeasync.internal.guard.Gate}. Internal: not for applications.
 */
@NullMarked
package io.github.safeasync.internal.guard;

import org.jspecify.annotations.NullMarked;
