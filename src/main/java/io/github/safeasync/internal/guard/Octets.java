package io.github.safeasync.internal.guard;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Counts the bytes that were decoded to text, at most: the character that stands for malformed ones
 * is no shorter than they are. Not thread-safe, as a reader's own state.
 */
final class Octets {

  private static final int UNKNOWN = 0;
  private static final int SINGLE = 1;
  private static final int UTF_8 = 3;

  /** How many a character may have been. */
  private final int most;

  private long count;

  private Octets(int most) {
    this.most = most;
  }

  /** Counts those of a charset's name; null for the default, which is one of single bytes. */
  static Octets of(@Nullable String charset) {
    if (charset == null) {
      return new Octets(UTF_8); // a container may be configured to that
    }
    try {
      Charset known = Charset.forName(charset);
      if (known.equals(StandardCharsets.UTF_8)) {
        return new Octets(UTF_8);
      }
      boolean single = known.canEncode() && known.newEncoder().maxBytesPerChar() == SINGLE;
      return new Octets(single ? SINGLE : UNKNOWN);
    } catch (IllegalArgumentException unknown) {
      return new Octets(UNKNOWN);
    }
  }

  void add(char read) {
    if (most == SINGLE || read < 0x80) {
      count++;
    } else {
      count += read < 0x800 || Character.isSurrogate(read) ? 2 : UTF_8;
    }
  }

  void add(CharSequence read) {
    for (int i = 0; i < read.length(); i++) {
      add(read.charAt(i));
    }
  }

  /** A line, without what has ended it. */
  void addLine(String line) {
    add(line);
    count += 2;
  }

  /** How many there were at most. */
  long atMost() {
    return most == UNKNOWN ? Long.MAX_VALUE : count;
  }
}
