/**
 * How a hang-up is noticed, with nothing read from the connection and nothing written to it.
 * Internal: not for applications.
 *
 * <ul>
 *   <li>{@link io.github.safeasync.internal.detect.Detector} is the entry: it hands out a {@link
 *       io.github.safeasync.internal.detect.HangUpWatch} for each exchange.
 *   <li>{@code Watchers}, {@code Watcher}, {@code Mailbox}: the one thread, and how it is woken.
 *   <li>{@code Post}, {@code Lines}, {@code Suspects}, {@code StreamPoll}: what that thread
 *       watches, and when it looks.
 *   <li>{@code Looks} with {@code PollFlags} and {@code Judge}: what a look comes to. The judges
 *       are {@code ProcTable} and, from JDK 22 on, {@code SockDiag}.
 *   <li>{@code SelfTest} finds out which of these work here: {@code Mechanisms}.
 * </ul>
 */
@NullMarked
package io.github.safeasync.internal.detect;

import org.jspecify.annotations.NullMarked;
