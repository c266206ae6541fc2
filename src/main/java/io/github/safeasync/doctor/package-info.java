/**
 * What tells whether a client that hangs up is noticed through the proxies in front of a server:
 * {@link io.github.safeasync.doctor.DoctorServlet} holds requests that the doctor, a program of its
 * own, abandons through the real ingress.
 */
@NullMarked
package io.github.safeasync.doctor;

import org.jspecify.annotations.NullMarked;
