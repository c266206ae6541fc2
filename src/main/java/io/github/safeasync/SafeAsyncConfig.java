package io.github.safeasync;

import io.github.safeasync.detect.DetectorSettings;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link SafeAsyncFilter} is told. Immutable and safe for use by any number of threads.
 *
 * <p>Each setting has an init-param of the same meaning for {@code web.xml}, in kebab-case.
 */
public final class SafeAsyncConfig {

  /** When the filter makes a request asynchronous. */
  public enum Start {
    /** At the first {@link SafeAsyncResponse#of}: other requests stay as they are. */
    ON_DEMAND,
    /**
     * Before the servlet is called: a request whose servlet does not take it is completed after.
     */
    EAGER
  }

  /** Which requests are watched for a hang-up. */
  public enum Watch {
    /** Those that are asynchronous. */
    ASYNC,
    /**
     * Synchronous ones as well: the thread of a servlet that blocks, platform or virtual, is
     * interrupted when the client hangs up, where the {@link CancelPolicy} says so. The interrupt
     * comes only while the thread is behind the filter, and is taken back before it leaves.
     */
    SYNC
  }

  /**
   * What writes and flushes of a stream that the application took itself do once the client has
   * gone, or the exchange has ended otherwise. None reaches the container.
   */
  public enum AfterDisconnect {
    /** Nothing: the application notices it only if it listens for it. */
    DISCARD,
    /**
     * Throw an IOException, as every container's do: a {@link ClientDisconnectedException} once the
     * client has gone. So a loop that writes until it fails ends. A PrintWriter says it by {@code
     * checkError()} in any case.
     */
    THROW
  }

  private final Duration timeout;
  private final int timeoutStatus;
  private final Start start;
  private final AfterDisconnect afterDisconnect;
  private final DetectorSettings detector;
  private final CancelSettings cancel;
  private final @Nullable Executor executor;
  private final long maxPendingBytes;
  private final long pendingLimit;
  private final OverLimit overLimit;
  private final Duration writeTimeout;

  private SafeAsyncConfig(Builder builder) {
    this.timeout = builder.timeout;
    this.timeoutStatus = builder.timeoutStatus;
    this.start = builder.start;
    this.afterDisconnect = builder.afterDisconnect;
    this.detector = builder.detector;
    this.cancel = builder.cancel;
    this.executor = builder.executor;
    this.maxPendingBytes = builder.maxPendingBytes;
    this.pendingLimit = Math.max(builder.pendingLimit, builder.maxPendingBytes);
    this.overLimit = builder.overLimit;
    this.writeTimeout = builder.writeTimeout;
  }

  /** Answers the settings that a filter has unless it is told otherwise. */
  public static SafeAsyncConfig defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from these settings. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.timeout = timeout;
    builder.timeoutStatus = timeoutStatus;
    builder.start = start;
    builder.afterDisconnect = afterDisconnect;
    builder.detector = detector;
    builder.cancel = cancel;
    builder.executor = executor;
    builder.maxPendingBytes = maxPendingBytes;
    builder.pendingLimit = pendingLimit;
    builder.overLimit = overLimit;
    builder.writeTimeout = writeTimeout;
    return builder;
  }

  /** Answers how long the application may take to finish a response; zero for no limit. */
  public Duration timeout() {
    return timeout;
  }

  /** Answers the status that a timeout answers with. */
  public int timeoutStatus() {
    return timeoutStatus;
  }

  /** Answers when the filter makes a request asynchronous. */
  public Start start() {
    return start;
  }

  /** Answers what the guarded stream and response do once the client has gone. */
  public AfterDisconnect afterDisconnect() {
    return afterDisconnect;
  }

  /** Answers how hang-ups are noticed. */
  DetectorSettings detectorSettings() {
    return detector;
  }

  /** Answers how long a request has to be pending before its connection is watched. */
  public Duration detectAfter() {
    return detector.grace();
  }

  /** Answers what it means that the client has closed its own side only. */
  public HalfClose halfClose() {
    return detector.halfClose();
  }

  /** Answers the TCP keepalive of watched connections, or null if theirs is left alone. */
  public @Nullable KeepAlive keepalive() {
    return detector.keepAlive();
  }

  /** Answers when and for whom work is cancelled. */
  CancelSettings cancelSettings() {
    return cancel;
  }

  /** Answers for which requests the work ends with the client. */
  public CancelPolicy cancel() {
    return cancel.policy();
  }

  /** Answers at which ends bound work is cancelled; immutable. */
  public Set<End.Kind> cancelOn() {
    return cancel.on();
  }

  /** Answers the time between the client's hang-up and the cancelling of its work. */
  public Duration cancelAfter() {
    return cancel.after();
  }

  /** Answers which requests are watched. */
  public Watch watch() {
    return cancel.synchronous() ? Watch.SYNC : Watch.ASYNC;
  }

  /** Answers the executor of listeners, or null for the filter's own pool. */
  public @Nullable Executor executor() {
    return executor;
  }

  /** Answers from how many pending bytes on a response is not writable. */
  public long maxPendingBytes() {
    return maxPendingBytes;
  }

  /** Answers how many bytes may be pending for one client; never less than the former. */
  public long pendingLimit() {
    return pendingLimit;
  }

  /** Answers what becomes of a write over the limit. */
  public OverLimit overLimit() {
    return overLimit;
  }

  /** Answers how long a client may take nothing of what waits for it; zero for no limit. */
  public Duration writeTimeout() {
    return writeTimeout;
  }

  @Override
  public String toString() {
    return "timeout="
        + timeout
        + ", timeout-status="
        + timeoutStatus
        + ", start="
        + start
        + ", after-disconnect="
        + afterDisconnect
        + ", max-pending-bytes="
        + maxPendingBytes
        + ", pending-limit="
        + pendingLimit
        + ", over-limit="
        + overLimit
        + ", write-timeout="
        + writeTimeout
        + ", detect-after="
        + detectAfter()
        + ", half-close="
        + halfClose()
        + ", keepalive="
        + (keepalive() == null ? "off" : keepalive())
        + ", cancel="
        + cancel()
        + ", cancel-on="
        + cancelOn()
        + ", cancel-after="
        + cancelAfter()
        + ", watch="
        + watch();
  }

  /** Collects settings; each is checked as it is given. Not thread-safe. */
  public static final class Builder {

    /** As many milliseconds as fit a long in nanoseconds: about 292 years. */
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private Duration timeout = Duration.ofSeconds(30);
    private int timeoutStatus = 503;
    private Start start = Start.ON_DEMAND;
    private AfterDisconnect afterDisconnect = AfterDisconnect.THROW;
    private DetectorSettings detector = DetectorSettings.DEFAULTS;
    private CancelSettings cancel = CancelSettings.DEFAULTS;
    private @Nullable Executor executor;
    private long maxPendingBytes = 1 << 20;
    private long pendingLimit = 16 << 20;
    private OverLimit overLimit = OverLimit.FAIL;
    private Duration writeTimeout = Duration.ofSeconds(30);

    private Builder() {}

    /**
     * Sets how long the application may take to finish a response; init-param {@code timeout}. The
     * time to send a finished response does not count.
     *
     * @param timeout zero for no limit; 30 seconds unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 292 years
     */
    public Builder timeout(Duration timeout) {
      this.timeout = checked("timeout", timeout);
      return this;
    }

    private static Duration checked(String name, Duration duration) {
      if (duration.isNegative() || duration.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            name
                + " must be 0 (none) or a positive duration of less than 292 years, not "
                + duration);
      }
      return duration;
    }

    /**
     * Sets the status that a timeout answers with; init-param {@code timeout-status}.
     *
     * @param status 400 to 599; 503 unless set
     * @return this builder
     * @throws IllegalArgumentException if the status is not in that range
     */
    public Builder timeoutStatus(int status) {
      this.timeoutStatus = Checks.errorStatus(status);
      return this;
    }

    /**
     * Sets when the filter makes a request asynchronous; init-param {@code start}.
     *
     * @param start {@link Start#ON_DEMAND} unless set
     * @return this builder
     */
    public Builder start(Start start) {
      this.start = Objects.requireNonNull(start, "start");
      return this;
    }

    /**
     * Sets what late writes and flushes of the application's own stream do; init-param {@code
     * after-disconnect}.
     *
     * @param afterDisconnect {@link AfterDisconnect#THROW} unless set
     * @return this builder
     */
    public Builder afterDisconnect(AfterDisconnect afterDisconnect) {
      this.afterDisconnect = Objects.requireNonNull(afterDisconnect, "afterDisconnect");
      return this;
    }

    /**
     * Sets how long a request has to be pending before its connection is watched; init-param {@code
     * detect-after}. One that is answered sooner costs next to nothing.
     *
     * @param grace 0 to 60 seconds; 20 ms unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 60 seconds
     */
    public Builder detectAfter(Duration grace) {
      detector = detector.withGrace(grace);
      return this;
    }

    /**
     * Sets what it means that the client has closed its own side of the connection only (a TCP FIN,
     * as from {@code shutdownOutput}), which looks like a hang-up until something is sent;
     * init-param {@code half-close}.
     *
     * @param halfClose {@link HalfClose#DISCONNECT} unless set
     * @return this builder
     */
    public Builder halfClose(HalfClose halfClose) {
      detector = detector.withHalfClose(halfClose);
      return this;
    }

    /**
     * Sets TCP keepalive on watched connections, for clients that vanish without a word; init-param
     * {@code keepalive}. It changes the container's socket while the exchange is pending.
     *
     * @param keepalive null, unless set, to leave the connection alone
     * @return this builder
     */
    public Builder keepalive(@Nullable KeepAlive keepalive) {
      detector = detector.withKeepAlive(keepalive);
      return this;
    }

    /**
     * Sets for which requests the work ends with the client; init-param {@code cancel}. {@link
     * SafeAsyncResponse#cancelPolicy} overrides it for one exchange.
     *
     * @param policy {@link CancelPolicy#SAFE_METHODS} unless set
     * @return this builder
     */
    public Builder cancel(CancelPolicy policy) {
      cancel = cancel.withPolicy(Objects.requireNonNull(policy, "policy"));
      return this;
    }

    /**
     * Sets at which ends bound work is cancelled; init-param {@code cancel-on}, a list such as
     * {@code disconnected, timed-out}.
     *
     * @param ends DISCONNECTED alone unless set
     * @return this builder
     * @throws IllegalArgumentException if COMPLETED is among them
     */
    public Builder cancelOn(Set<End.Kind> ends) {
      cancel = cancel.withOn(ends);
      return this;
    }

    /**
     * Sets the time between the client's hang-up and the cancelling of its work, for clients that
     * come back; init-param {@code cancel-after}. Meanwhile {@link Registration#remove} unbinds the
     * work, so that it can be bound to the next exchange.
     *
     * @param grace 0 to 1 hour; 0 unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 1 hour
     */
    public Builder cancelAfter(Duration grace) {
      cancel = cancel.withAfter(grace);
      return this;
    }

    /**
     * Sets which requests are watched; init-param {@code watch}.
     *
     * @param watch {@link Watch#ASYNC} unless set
     * @return this builder
     */
    public Builder watch(Watch watch) {
      cancel = cancel.withSynchronous(Objects.requireNonNull(watch, "watch") == Watch.SYNC);
      return this;
    }

    /**
     * Sets where listeners, the cancelling of bound work and what hangs on the library's stages
     * runs. It must not run tasks on the calling thread, and is not shut down with the filter.
     *
     * @param executor the application's executor; small pools of the filter's own, one of them for
     *     cancelling, unless set
     * @return this builder
     */
    public Builder executor(Executor executor) {
      this.executor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    /**
     * Sets from how many bytes on, accepted and not yet handed to the container, a response is not
     * writable: {@link SafeAsyncResponse#isWritable} is false, and sources that the library reads
     * from pause. Init-param {@code max-pending-bytes}.
     *
     * @param bytes at least 1; 1 MiB unless set
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxPendingBytes(long bytes) {
      this.maxPendingBytes = positive("max-pending-bytes", bytes);
      return this;
    }

    /**
     * Sets how many bytes may be pending for one client, whoever writes them; what happens beyond
     * is {@link #overLimit}'s to say. Bytes that are handed over at once while the response is
     * writable are never too many. Each write and each flush counts as its bytes and 128 more, for
     * what it takes of the heap beside them. Init-param {@code pending-limit}.
     *
     * @param bytes at least 1; 16 MiB unless set; raised to {@link #maxPendingBytes} if less
     * @return this builder
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder pendingLimit(long bytes) {
      this.pendingLimit = positive("pending-limit", bytes);
      return this;
    }

    private static long positive(String name, long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException(name + " must be at least 1 byte, not " + bytes);
      }
      return bytes;
    }

    /**
     * Sets what becomes of a write over the limit; init-param {@code over-limit}.
     *
     * @param overLimit {@link OverLimit#FAIL} unless set
     * @return this builder
     */
    public Builder overLimit(OverLimit overLimit) {
      this.overLimit = Objects.requireNonNull(overLimit, "overLimit");
      return this;
    }

    /**
     * Sets how long a client may take nothing of what waits for it, before the exchange ends {@link
     * End.Kind#FAILED} with a {@link SlowClientException} and its connection is aborted; init-param
     * {@code write-timeout}. The clock starts when the container is not ready for more, and starts
     * again when it has become ready.
     *
     * @param writeTimeout zero for no limit; 30 seconds unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 292 years
     */
    public Builder writeTimeout(Duration writeTimeout) {
      this.writeTimeout = checked("write-timeout", writeTimeout);
      return this;
    }

    /** Sets what hints at hang-ups may be used; for tests. */
    Builder layers(Set<DetectorSettings.Layer> layers) {
      detector = detector.withLayers(layers);
      return this;
    }

    /** Answers the settings given so far. */
    public SafeAsyncConfig build() {
      return new SafeAsyncConfig(this);
    }
  }
}
