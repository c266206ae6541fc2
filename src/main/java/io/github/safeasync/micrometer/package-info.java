/**
 * Metrics for Micrometer, of what {@link io.github.safeasync.SafeAsyncStats} count. For those who
 * have {@code micrometer-core} on their class path.
 */
@NullMarked
package io.github.safeasync.micrometer;

import org.jspecify.annotations.NullMarked;
