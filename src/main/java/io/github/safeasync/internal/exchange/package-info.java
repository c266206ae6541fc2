/**
 * One request's life and its end: {@link io.github.safeasync.internal.exchange.Exchanges} is the
 * door through which the API comes in, {@link io.github.safeasync.internal.exchange.Lifecycle} the
 * one state machine that decides, and {@link io.github.safeasync.internal.exchange.Exchange} has
 * acted upon what is decided. Internal: not for applications.
 */
@NullMarked
package io.github.safeasync.internal.exchange;

import org.jspecify.annotations.NullMarked;
