/**
 * JAX-RS resources hear of their client's hang-up: {@link
 * io.github.safeasync.jaxrs.SafeAsyncJaxRs}. Works with any implementation in a servlet, such as
 * Jersey and RESTEasy.
 */
@NullMarked
package io.github.safeasync.jaxrs;

import org.jspecify.annotations.NullMarked;
