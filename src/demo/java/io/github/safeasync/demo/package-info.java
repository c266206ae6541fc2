/** The demo: the public API of safe-async at work, in an embedded Jetty or as a WAR. */
@NullMarked
package io.github.safeasync.demo;

import org.jspecify.annotations.NullMarked;
