/**
 * Spring Boot finds the library on the class path and maps its filter to every request, by {@link
 * io.github.safeasync.spring.SafeAsyncAutoConfiguration}. The settings are properties:
 *
 * <pre>{@code
 * safe-async.timeout=10s
 * safe-async.cancel=always
 * }</pre>
 *
 * <p>{@code safe-async.enabled=false} turns it off; a bean or registration of the filter that the
 * application has itself takes its place.
 */
@NullMarked
package io.github.safeasync.spring;

import org.jspecify.annotations.NullMarked;
