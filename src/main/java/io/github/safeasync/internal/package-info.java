/**
 * What is behind the API, in rooms that know one another one way: {@code exchange} knows {@code
 * guard}, {@code body}, {@code detect} and {@code container}; {@code guard} and {@code detect} know
 * {@code container}; {@code body} knows none. Here is what every room may use.
 *
 * <p>Internal: nothing outside of the library may use it, and it changes without notice.
 */
@NullMarked
package io.github.safeasync.internal;

import org.jspecify.annotations.NullMarked;
