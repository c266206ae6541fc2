package io.github.safeasync;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
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

  private final Map<Setting<?>, Object> values;
  private final @Nullable Executor executor;

  private SafeAsyncConfig(Builder builder) {
    this.values = Map.copyOf(builder.values);
    this.executor = builder.executor;
  }

  <T> T get(Setting<T> setting) {
    Object value = values.get(setting);
    return value == null ? setting.standard() : setting.cast(value);
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
    builder.values.putAll(values);
    builder.executor = executor;
    return builder;
  }

  /** Answers how long the application may take to finish a response; zero for no limit. */
  public Duration timeout() {
    return get(Setting.TIMEOUT);
  }

  /** Answers the status that a timeout answers with. */
  public int timeoutStatus() {
    return get(Setting.TIMEOUT_STATUS);
  }

  /** Answers when the filter makes a request asynchronous. */
  public Start start() {
    return get(Setting.START);
  }

  /** Answers what the guarded stream and response do once the client has gone. */
  public AfterDisconnect afterDisconnect() {
    return get(Setting.AFTER_DISCONNECT);
  }

  /** Answers how long a request has to be pending before its connection is watched. */
  public Duration detectAfter() {
    return get(Setting.DETECT_AFTER);
  }

  /** Answers what it means that the client has closed its own side only. */
  public HalfClose halfClose() {
    return get(Setting.HALF_CLOSE);
  }

  /** Answers the TCP keepalive of watched connections, or null if theirs is left alone. */
  public @Nullable KeepAlive keepalive() {
    return get(Setting.KEEPALIVE).orElse(null);
  }

  /** Answers for which requests the work ends with the client. */
  public CancelPolicy cancel() {
    return get(Setting.CANCEL);
  }

  /** Answers at which ends bound work is cancelled; immutable. */
  public Set<End.Kind> cancelOn() {
    return get(Setting.CANCEL_ON);
  }

  /** Answers the time between the client's hang-up and the cancelling of its work. */
  public Duration cancelAfter() {
    return get(Setting.CANCEL_AFTER);
  }

  /** Answers which requests are watched. */
  public Watch watch() {
    return get(Setting.WATCH);
  }

  /** Answers the executor of listeners, or null for the filter's own pool. */
  public @Nullable Executor executor() {
    return executor;
  }

  /** Answers from how many pending bytes on a response is not writable. */
  public long maxPendingBytes() {
    return get(Setting.MAX_PENDING_BYTES);
  }

  /** Answers how many bytes may be pending for one client; never less than the former. */
  public long pendingLimit() {
    return Math.max(get(Setting.PENDING_LIMIT), maxPendingBytes());
  }

  /** Answers what becomes of a write over the limit. */
  public OverLimit overLimit() {
    return get(Setting.OVER_LIMIT);
  }

  /** Answers how long a client may take nothing of what waits for it; zero for no limit. */
  public Duration writeTimeout() {
    return get(Setting.WRITE_TIMEOUT);
  }

  /** Returns the settings as they are written in {@code web.xml}, in one line. */
  @Override
  public String toString() {
    return Setting.ALL.stream()
        .map(setting -> setting + "=" + setting.write(get(setting)))
        .collect(Collectors.joining(", "));
  }

  /** Collects settings; each is checked as it is given. Not thread-safe. */
  public static final class Builder {

    private final Map<Setting<?>, Object> values = new HashMap<>();
    private @Nullable Executor executor;

    private Builder() {}

    private <T> Builder set(Setting<T> setting, T value) {
      values.put(setting, setting.checked(value));
      return this;
    }

    <T> void read(Setting<T> setting, String text) throws MalformedSettingException {
      values.put(setting, setting.read(text));
    }

    /**
     * Sets how long the application may take to finish a response; init-param {@code timeout}. The
     * time to send a finished response does not count.
     *
     * @param timeout zero for no limit; 30 seconds unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 292 years
     */
    public Builder timeout(Duration timeout) {
      return set(Setting.TIMEOUT, timeout);
    }

    /**
     * Sets the status that a timeout answers with; init-param {@code timeout-status}.
     *
     * @param status 400 to 599; 503 unless set
     * @return this builder
     * @throws IllegalArgumentException if the status is not in that range
     */
    public Builder timeoutStatus(int status) {
      return set(Setting.TIMEOUT_STATUS, status);
    }

    /**
     * Sets when the filter makes a request asynchronous; init-param {@code start}.
     *
     * @param start {@link Start#ON_DEMAND} unless set
     * @return this builder
     */
    public Builder start(Start start) {
      return set(Setting.START, start);
    }

    /**
     * Sets what late writes and flushes of the application's own stream do; init-param {@code
     * after-disconnect}.
     *
     * @param afterDisconnect {@link AfterDisconnect#THROW} unless set
     * @return this builder
     */
    public Builder afterDisconnect(AfterDisconnect afterDisconnect) {
      return set(Setting.AFTER_DISCONNECT, afterDisconnect);
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
      return set(Setting.DETECT_AFTER, grace);
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
      return set(Setting.HALF_CLOSE, halfClose);
    }

    /**
     * Sets TCP keepalive on watched connections, for clients that vanish without a word; init-param
     * {@code keepalive}. It changes the container's socket while the exchange is pending.
     *
     * @param keepalive null, unless set, to leave the connection alone
     * @return this builder
     */
    public Builder keepalive(@Nullable KeepAlive keepalive) {
      return set(Setting.KEEPALIVE, Optional.ofNullable(keepalive));
    }

    /**
     * Sets for which requests the work ends with the client; init-param {@code cancel}. {@link
     * SafeAsyncResponse#cancelPolicy} overrides it for one exchange.
     *
     * @param policy {@link CancelPolicy#SAFE_METHODS} unless set
     * @return this builder
     */
    public Builder cancel(CancelPolicy policy) {
      return set(Setting.CANCEL, policy);
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
      return set(Setting.CANCEL_ON, Values.copyOf(ends));
    }

    /**
     * Sets the time between the client's hang-up and the cancelling of its work, for clients that
     * come back; init-param {@code cancel-after}. Meanwhile {@link Handle#remove} unbinds the work,
     * so that it can be bound to the next exchange.
     *
     * @param grace 0 to 1 hour; 0 unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 1 hour
     */
    public Builder cancelAfter(Duration grace) {
      return set(Setting.CANCEL_AFTER, grace);
    }

    /**
     * Sets which requests are watched; init-param {@code watch}.
     *
     * @param watch {@link Watch#ASYNC} unless set
     * @return this builder
     */
    public Builder watch(Watch watch) {
      return set(Setting.WATCH, watch);
    }

    /**
     * Sets where listeners, the cancelling of bound work and what hangs on the library's stages
     * runs. It is handed each task by a thread of the filter's that may wait for it, and that runs
     * what it refuses; it is not shut down with the filter.
     *
     * @param executor the application's executor; pools of the filter's own, one of them for
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
      return set(Setting.MAX_PENDING_BYTES, bytes);
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
      return set(Setting.PENDING_LIMIT, bytes);
    }

    /**
     * Sets what becomes of a write over the limit; init-param {@code over-limit}.
     *
     * @param overLimit {@link OverLimit#FAIL} unless set
     * @return this builder
     */
    public Builder overLimit(OverLimit overLimit) {
      return set(Setting.OVER_LIMIT, overLimit);
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
      return set(Setting.WRITE_TIMEOUT, writeTimeout);
    }

    /** Answers the settings given so far. */
    public SafeAsyncConfig build() {
      return new SafeAsyncConfig(this);
    }
  }
}
