/**
 * Carries the {@linkplain io.github.safeasync.CancellationToken#current() current} exchange to
 * other threads by what carries the context of threads: Micrometer's context-propagation finds
 * {@link io.github.safeasync.context.SafeAsyncContextAccessor} where both are on the class path,
 * and with it Reactor and Spring's {@code ContextPropagatingTaskDecorator}.
 */
@NullMarked
package io.github.safeasync.context;

import org.jspecify.annotations.NullMarked;
