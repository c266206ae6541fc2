/**
 * The doctor: a program that abandons pending requests through the proxies in front of a server and
 * tells whether the server has heard of it. Of the JDK alone.
 */
@NullMarked
package io.github.safeasync.doctor.client;

import org.jspecify.annotations.NullMarked;
