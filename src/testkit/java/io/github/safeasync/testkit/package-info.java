/**
 * What the integration tests are made of, and, by the jar with the classifier {@code testkit},
 * those of applications: {@link io.github.safeasync.testkit.ApplicationExtension} and {@link
 * io.github.safeasync.testkit.HangUp} first of all. {@link io.github.safeasync.testkit.Container}
 * starts the servlet containers, {@link io.github.safeasync.testkit.RawClient} and {@link
 * io.github.safeasync.testkit.Http2Client} talk to them and hang up in every way there is, and
 * {@link io.github.safeasync.testkit.Logs} hears what was logged meanwhile.
 */
package io.github.safeasync.testkit;
