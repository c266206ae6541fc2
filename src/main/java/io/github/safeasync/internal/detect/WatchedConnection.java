package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One watched connection with the watches on it: one for HTTP/1.1, any number for HTTP/2. Belongs
 * to the watcher's thread.
 */
final class WatchedConnection {

  /** Up to this many unread bytes may be no more than a TLS close_notify alert. */
  private static final int CLOSE_NOTIFY_BYTES = 256;

  /** A user_canceled and a close_notify of TLS 1.3, or the latter of TLS 1.2 with any cipher. */
  private static final int ALERTS_BYTES = 85;

  private static final int URGENT_LOOKS = 3;

  /** After as long without an event the next one is as good as the first. */
  static final long CALM_NANOS = 1_000_000_000L;

  final @Nullable SocketChannel channel;
  final boolean secure;
  final boolean multiplexed;

  @Nullable SelectionKey key;
  ConnectionState state = ConnectionState.QUIET;
  private @Nullable ExchangeWatch firstWatch;
  @Nullable Runnable restoreOptions;

  /** System.nanoTime() at which the keepalive that was set for it may have given it up. */
  private long mayBeGivenUpAt;

  private @Nullable TableEntry entry;
  private boolean entryMade;

  /** Position among the suspects, -1 if not among them. */
  int index = -1;

  /** System.nanoTime() of the next look. */
  long lookAt;

  /**
   * System.nanoTime() of the first moment at which a departure could have been seen: when the
   * selector woke up for it, or the last look that found it in order.
   */
  long signAt;

  /** Looks since the connection was last quiet for long: sets the pace. */
  int looks;

  /** Looks in a row that found it readable with nothing to be read. */
  int hollowLooks;

  /** When the last of them was. */
  long hollowAt;

  /** What the last look came to. */
  @Nullable Verdict verdict;

  /** What has shown its end, if not the table. */
  @Nullable String shownBy;

  /** Whether it was at rest before the last look at its flags. */
  boolean wasAtRest;

  /** When it last became a suspect. */
  long suspectSince;

  private long scannedSince;
  private int scans;

  /** Unread bytes at the last look, which counts them unless it is urgent. */
  private int unreadBefore;

  /** What {@link PollFlags} saw at the last look. */
  int flags;

  WatchedConnection(@Nullable SocketChannel channel, boolean secure, boolean multiplexed) {
    this.channel = channel;
    this.secure = secure;
    this.multiplexed = multiplexed;
  }

  /** A connection that is only polled. */
  WatchedConnection(Endpoints endpoints) {
    this(null, false, false);
    this.entry = new TableEntry(endpoints);
    this.entryMade = true;
  }

  /** Its place in the kernel's table, made when first needed; null if it is no TCP connection. */
  @Nullable TableEntry entry() {
    SocketChannel own = channel;
    if (!entryMade && own != null) {
      entryMade = true;
      try {
        Endpoints endpoints = Endpoints.of(own.getLocalAddress(), own.getRemoteAddress());
        entry = endpoints == null ? null : new TableEntry(endpoints);
      } catch (IOException e) {
        // Closed meanwhile: there is nothing to look up any more.
        return null;
      }
    }
    return entry;
  }

  void add(ExchangeWatch watch) {
    watch.watched = this;
    watch.nextOnConnection = firstWatch;
    firstWatch = watch;
  }

  void remove(ExchangeWatch watch) {
    ExchangeWatch before = null;
    for (ExchangeWatch each = firstWatch; each != null; each = each.nextOnConnection) {
      if (each == watch) {
        if (before == null) {
          firstWatch = each.nextOnConnection;
        } else {
          before.nextOnConnection = each.nextOnConnection;
        }
        break;
      }
      before = each;
    }
    watch.watched = null;
    watch.nextOnConnection = null;
  }

  @Nullable ExchangeWatch firstWatch() {
    return firstWatch;
  }

  boolean isEmpty() {
    return firstWatch == null;
  }

  /** Whether every exchange on it has read its body, so that the container reads nothing now. */
  boolean isAllRead() {
    for (ExchangeWatch each = firstWatch; each != null; each = each.nextOnConnection) {
      if (!each.isBodyRead()) {
        return false;
      }
    }
    return !multiplexed;
  }

  /**
   * Whether nobody on this side reads before the response is over, so that what comes in stays; and
   * it is not over.
   */
  boolean isAtRest() {
    for (ExchangeWatch each = firstWatch; each != null; each = each.nextOnConnection) {
      if (!each.isAtRest()) {
        return false;
      }
    }
    return firstWatch != null && !multiplexed;
  }

  /** Whether a FIN would show by its {@link QuickAcks}. */
  boolean isQuick() {
    ExchangeWatch only = firstWatch;
    return only != null && only.nextOnConnection == null && only.quick;
  }

  /** Whether a FIN has turned off its {@link QuickAcks}, as nothing else has. */
  boolean isFinBehindAlert() {
    ExchangeWatch only = firstWatch;
    SocketChannel own = channel;
    try {
      return own != null
          && only != null
          && isQuick()
          && mayBeAlert(unread())
          && !QuickAcks.areOn(own)
          && only.isUnanswered()
          && isAtRest();
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /** Whether so many unread bytes may be an alert of TLS, and nothing else. */
  boolean mayBeAlert(int unread) {
    return secure && unread > 0 && unread <= ALERTS_BYTES;
  }

  /** TCP keepalive has been set, and is to be put back in the end. */
  void keptAlive(long now, long patienceNanos, Runnable restore) {
    restoreOptions = restore;
    mayBeGivenUpAt = now + patienceNanos;
  }

  /** Whether its end, which looks like a reset, may be that of the kernel's patience. */
  boolean mayBeGivenUp(long now) {
    return restoreOptions != null && now - mayBeGivenUpAt >= 0;
  }

  /** Whether it goes before others, which have been looked at in vain already. */
  boolean isUrgent() {
    return isPolled() ? isMissed() : looks < URGENT_LOOKS && state == ConnectionState.SUSPECT;
  }

  /**
   * Whether a scan is worth its cost at once: missing once, or as with an end of the stream. That
   * may be the container's reading in between, so only a few times a second.
   */
  boolean deservesScan(long now) {
    if (isPolled()) {
      return isMissed();
    }
    if (now - scannedSince > CALM_NANOS) {
      scannedSince = now;
      scans = 0;
    }
    return scans < URGENT_LOOKS && looksEnded();
  }

  /** A scan was made for it. */
  void scanned() {
    scans++;
  }

  /** Whether it was seen in the table once, and not when last looked for. */
  boolean isMissed() {
    TableEntry own = entry;
    return own != null && own.wasSeen() && own.misses() > 0;
  }

  /** Whether the table is all there is to look at; then it has one watch. */
  boolean isPolled() {
    return key == null;
  }

  /**
   * Whether the table can tell of it. One that never showed it may belong to another network
   * namespace, or the addresses may be made up.
   */
  boolean isInTable() {
    TableEntry own = entry;
    return own != null && own.wasSeen() && own.sighting() != SocketState.UNKNOWN;
  }

  /** Whether the container, or anybody else on this side, has closed it. */
  boolean isClosedHere() {
    SocketChannel own = channel;
    return own != null && !own.isOpen();
  }

  void interest(int ops) {
    SelectionKey own = key;
    if (own != null && own.isValid()) {
      try {
        own.interestOps(ops);
      } catch (CancelledKeyException closedMeanwhile) {
        // The next look finds that out.
      }
    }
  }

  /**
   * Whether it looks as with an end of the stream, or the alert that TLS sends before it. Other
   * unread bytes are a body, or the next request.
   */
  private boolean looksEnded() {
    if (multiplexed) {
      return false;
    }
    int unread = isUrgent() ? unread() : unreadBefore;
    return unread == 0 || (secure && unread <= CLOSE_NOTIFY_BYTES);
  }

  /** Whether more bytes lie unread than when this was last asked, and some did then. */
  boolean hasGrown() {
    int before = unreadBefore;
    unreadBefore = unread();
    return before > 0 && unreadBefore > before;
  }

  /** Whether some lay unread when {@link #hasGrown} was last asked. */
  boolean isUnread() {
    return unreadBefore > 0;
  }

  /** Bytes the kernel holds for the container, -1 if unknown. Takes nothing away. */
  int unread() {
    SocketChannel own = channel;
    if (own == null) {
      return -1;
    }
    try {
      return own.socket().getInputStream().available();
    } catch (IOException | RuntimeException e) {
      // A Unix domain socket has no socket(); a closed one no stream.
      return -1;
    }
  }
}
