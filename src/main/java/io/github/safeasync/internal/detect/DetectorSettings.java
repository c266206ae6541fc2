package io.github.safeasync.internal.detect;

import io.github.safeasync.HalfClose;
import io.github.safeasync.KeepAlive;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Detector} works. Immutable and safe for use by any number of threads.
 *
 * @param grace how long an exchange has to be pending before anything is done for it; 0 to 60 s
 * @param halfClose what a FIN alone means
 * @param keepAlive TCP keepalive for the connection while it is watched; null leaves it as it is
 * @param layers what may be used
 */
public record DetectorSettings(
    Duration grace, HalfClose halfClose, @Nullable KeepAlive keepAlive, Set<Layer> layers) {

  private static final Duration LONGEST_GRACE = Duration.ofSeconds(60);

  /** 20 ms grace, a FIN is a departure, no keepalive, every layer. */
  public static final DetectorSettings DEFAULTS =
      new DetectorSettings(
          Duration.ofMillis(20), HalfClose.DISCONNECT, null, EnumSet.allOf(Layer.class));

  /**
   * The system property that leaves out layers, for tests and for whom one of them fails: the names
   * of those that may be used, with commas between them.
   */
  public static final String LAYERS = "io.github.safeasync.layers";

  /**
   * Returns the defaults, with the layers that {@link #LAYERS} names.
   *
   * @throws IllegalArgumentException if it names something else
   */
  public static DetectorSettings installed() {
    String named = System.getProperty(LAYERS);
    return named == null
        ? DEFAULTS
        : DEFAULTS.withLayers(
            Stream.of(named.split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .map(Layer::valueOf)
                .collect(Collectors.toUnmodifiableSet()));
  }

  /** A source of hints. */
  public enum Layer {
    /** A second selector on the container's channel. */
    SELECTOR,
    /** Looking at the kernel's table of sockets in intervals. */
    TABLE_POLLING,
    /** Asking the container in intervals whether an HTTP/2 stream is still open. */
    STREAM_POLLING
  }

  /**
   * Checks and copies the parts.
   *
   * @throws NullPointerException if a part but keepAlive is null
   * @throws IllegalArgumentException if grace is negative or longer than 60 s
   */
  public DetectorSettings {
    Objects.requireNonNull(grace, "grace");
    Objects.requireNonNull(halfClose, "halfClose");
    if (grace.isNegative() || grace.compareTo(LONGEST_GRACE) > 0) {
      throw new IllegalArgumentException("grace must be 0 to 60 s: " + grace);
    }
    layers = Set.copyOf(Objects.requireNonNull(layers, "layers"));
  }

  /** Returns these settings with another grace period. */
  public DetectorSettings withGrace(Duration grace) {
    return new DetectorSettings(grace, halfClose, keepAlive, layers);
  }

  /** Returns these settings with another meaning of a FIN alone. */
  public DetectorSettings withHalfClose(HalfClose halfClose) {
    return new DetectorSettings(grace, halfClose, keepAlive, layers);
  }

  /** Returns these settings with another keepalive, or null for none. */
  public DetectorSettings withKeepAlive(@Nullable KeepAlive keepAlive) {
    return new DetectorSettings(grace, halfClose, keepAlive, layers);
  }

  /** Returns these settings with only these layers. */
  public DetectorSettings withLayers(Set<Layer> layers) {
    return new DetectorSettings(grace, halfClose, keepAlive, layers);
  }
}
