/**
 * Spring Boot finds the library on the class path and maps its filter to every request, by {@link
 * io.github.safeasync.spring.SafeAsyncAutoConfiguration}. The init-params are properties:
 *
 * <pre>{@code
 * safe-async.timeout=PT10S
 * safe-async.cancel=always
 * }</pre>
 *
 * <p>{@code safe-async.enabled=false} turns it off, and so does a bean or registration of the
 * filter that the application has itself.
 */
@NullMarked
package io.github.safeasync.spring;

import org.jspecify.annotations.NullMarked;
