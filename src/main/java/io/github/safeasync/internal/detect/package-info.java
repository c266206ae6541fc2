/**
 * How a hang-up is noticed, with nothing read from the connection and nothing written to it.
 * Internal: not for applications.
 *
 * <ul>
 *   <li>{@link Detector} is the entry: it hands out a {@link HangUpWatch} for each exchange.
 *   <li>{@link Watchers}, {@link Watcher}, {@link Mailbox}: the one thread, and how it is woken.
 *   <li>{@link WatchLoop} with {@link SelectorRegistrations}, {@link Suspects} and {@link
 *       StreamPoll}: what that thread watches, and when it looks.
 *   <li>{@link Inspector} with {@link PollFlags} and {@link SocketTable}: what a look comes to. The
 *       tables are {@link ProcTable} and, from JDK 22 on, {@link SockDiag}.
 *   <li>{@link MechanismProbe} finds out which of these work here: {@link Mechanisms}.
 * </ul>
 */
@NullMarked
package io.github.safeasync.internal.detect;

import org.jspecify.annotations.NullMarked;
