/**
 * What the containers keep behind the Servlet API: the connection of a request, reached by
 * reflection on the container's own objects, so that no container is a dependency and a WAR works
 * on a container that hides its classes. Internal: not for applications.
 */
@NullMarked
package io.github.safeasync.internal.container;

import org.jspecify.annotations.NullMarked;
