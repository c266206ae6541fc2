/**
 * JAX-RS resources hear of their client's disconnect through {@link
 * io.github.safeasync.jaxrs.SafeAsyncJaxRs}, with any implementation in a servlet, such as Jersey
 * and RESTEasy:
 *
 * <pre>{@code
 * @GET
 * public void search(@Suspended AsyncResponse suspended, @Context HttpServletRequest request) {
 *   AsyncResponse response = SafeAsyncJaxRs.guard(suspended, request);
 *   Future<?> work = database.submit(() -> response.resume(query()));
 *   response.register((ConnectionCallback) disconnected -> work.cancel(true));
 * }
 * }</pre>
 *
 * <p>The {@link io.github.safeasync.SafeAsyncFilter} has to be mapped to the requests of the JAX-RS
 * servlet. Jersey and RESTEasy need no {@code guard}: each finds what calls it by a service file.
 * Elsewhere a resource without it is guarded as every servlet is, and its implementation calls its
 * callbacks where it does so by itself.
 */
@NullMarked
package io.github.safeasync.jaxrs;

import org.jspecify.annotations.NullMarked;
