/**
 * What OpenTelemetry is told of a client that leaves. For those who have {@code opentelemetry-api}
 * on their class path: the filter finds it, and there is nothing to call.
 */
@NullMarked
package io.github.safeasync.opentelemetry;

import org.jspecify.annotations.NullMarked;
