package io.github.safeasync.micrometer;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SafeAsyncStats.Disconnected;
import io.github.safeasync.SafeAsyncStats.Work;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * Binds the {@link SafeAsyncStats} of a filter to a registry of Micrometer.
 *
 * <pre>{@code
 * SafeAsyncMetrics.of(filter.stats()).bindTo(registry);
 * }</pre>
 *
 * <p>Each tag has the constants of one enum for values, so the number of time series is bounded. A
 * registry that is read waits for nothing. The timers begin at the binding, the counters with the
 * filter.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public final class SafeAsyncMetrics implements MeterBinder {

  private static final Duration[] DETECTION = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5)
  };

  private static final Duration[] AGES = {
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5)
  };

  private final SafeAsyncStats stats;
  private final Tags tags;

  private SafeAsyncMetrics(SafeAsyncStats stats, Tags tags) {
    this.stats = stats;
    this.tags = tags;
  }

  /**
   * Returns a binder of a filter's stats.
   *
   * @param stats the filter's; they have to be held by somebody, as the filter does
   * @return a binder
   * @throws NullPointerException if the stats are null
   */
  public static SafeAsyncMetrics of(SafeAsyncStats stats) {
    return new SafeAsyncMetrics(Objects.requireNonNull(stats, "stats"), Tags.empty());
  }

  /**
   * Returns a binder that adds a tag to each meter, such as the name of one of several filters.
   *
   * @param name of the tag
   * @param value of the tag, one of few
   * @return another binder
   * @throws NullPointerException if an argument is null
   */
  public SafeAsyncMetrics tagged(String name, String value) {
    return new SafeAsyncMetrics(stats, tags.and(Tag.of(name, value)));
  }

  /**
   * Binds the meters, which stay for as long as the filter does.
   *
   * @param registry is given the meters
   * @throws NullPointerException if the registry is null
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    Objects.requireNonNull(registry, "registry");
    Gauge.builder("safe.async.exchanges.open", stats, SafeAsyncStats::open)
        .description("Exchanges under way")
        .tags(tags)
        .register(registry);
    Gauge.builder("safe.async.exchanges.watched", stats, SafeAsyncStats::watched)
        .description("Exchanges whose connection or HTTP/2 stream is watched")
        .tags(tags)
        .register(registry);
    Gauge.builder("safe.async.pending", stats, SafeAsyncStats::pendingBytes)
        .description("What was written and not yet taken by the container")
        .baseUnit("bytes")
        .tags(tags)
        .register(registry);
    for (End.Kind each : End.Kind.values()) {
      FunctionCounter.builder("safe.async.exchanges", stats, from -> from.ended(each))
          .description("Exchanges that have ended")
          .tags(tags.and("end", value(each)))
          .register(registry);
    }
    for (Evidence each : Evidence.values()) {
      FunctionCounter.builder("safe.async.disconnects", stats, from -> from.disconnected(each))
          .description("Exchanges whose client has left")
          .tags(tags.and("evidence", value(each)))
          .register(registry);
    }
    for (Work each : Work.values()) {
      FunctionCounter.builder("safe.async.cancellations", stats, from -> from.cancelled(each))
          .description("Work that was cancelled as its exchange had ended")
          .tags(tags.and("work", value(each)))
          .register(registry);
    }
    bindTimes(registry);
  }

  private void bindTimes(MeterRegistry registry) {
    Timer detection =
        Timer.builder("safe.async.detection")
            .description("From the first sign of a disconnect to the end of its exchange")
            .serviceLevelObjectives(DETECTION)
            .tags(tags)
            .register(registry);
    Timer age =
        Timer.builder("safe.async.disconnected.after")
            .description("How long requests had run when their clients left")
            .serviceLevelObjectives(AGES)
            .tags(tags)
            .register(registry);
    Handle unused = stats.onDisconnect(lost -> record(lost, detection, age));
  }

  private static void record(Disconnected lost, Timer detection, Timer age) {
    lost.detection().ifPresent(detection::record);
    age.record(lost.end().after());
  }

  private static String value(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
