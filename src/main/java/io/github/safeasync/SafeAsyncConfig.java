package io.github.safeasync;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link SafeAsyncFilter}. Immutable and thread-safe.
 *
 * <p>Each setting but the executor has an init-param of the same meaning for {@code web.xml}, with
 * the name in kebab-case. No method returns null but {@link #keepalive} and {@link #executor}.
 *
 * @since 0.1.0
 */
public final class SafeAsyncConfig {

  /**
   * When the filter makes a request asynchronous. Immutable and thread-safe.
   *
   * @since 0.1.0
   */
  public enum Start {
    /** At the first {@link SafeAsyncResponse#of}: other requests stay as they are. */
    ON_DEMAND,
    /**
     * Before the servlet is called. A request whose servlet takes no {@link SafeAsyncResponse} is
     * completed when the servlet returns.
     */
    EAGER
  }

  /**
   * Which requests are watched for a disconnect. Immutable and thread-safe.
   *
   * @since 0.1.0
   */
  public enum Watch {
    /** Those that are asynchronous, and no others. */
    ASYNC,
    /**
     * Synchronous ones as well: the thread of a servlet that blocks, platform or virtual, is
     * interrupted when the client disconnects, where the {@link CancelPolicy} says so. The
     * interrupt comes only while the thread is behind the filter, and is taken back before it
     * leaves.
     */
    SYNC
  }

  /**
   * What writes and flushes of a stream that the application took itself do once the client has
   * gone, or the exchange has ended otherwise. None reaches the container. Immutable and
   * thread-safe.
   *
   * @since 0.1.0
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

  /**
   * Returns the settings of a filter that is told nothing.
   *
   * @return the defaults
   */
  public static SafeAsyncConfig defaults() {
    return builder().build();
  }

  /**
   * Returns a builder that starts from the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the names of the init-params, for those who read settings from elsewhere: each can be
   * given to {@link Builder#set}.
   *
   * @return an immutable list, in the order of the documents
   */
  public static List<String> names() {
    return Setting.ALL.stream().map(Setting::name).toList();
  }

  /**
   * Returns a builder that starts from these settings.
   *
   * @return a new builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.values.putAll(values);
    builder.executor = executor;
    return builder;
  }

  /**
   * Returns how long the application may take to finish a response.
   *
   * @return the time, zero for no limit
   */
  public Duration timeout() {
    return get(Setting.TIMEOUT);
  }

  /**
   * Returns the HTTP status with which a timeout is answered.
   *
   * @return 400 to 599
   */
  public int timeoutStatus() {
    return get(Setting.TIMEOUT_STATUS);
  }

  /**
   * Returns the status that a response has in the end whose client has disconnected, for access
   * logs and filters further out; nobody receives it.
   *
   * @return the status, 400 to 599; 0 if it is left as it was
   */
  public int disconnectStatus() {
    return get(Setting.DISCONNECT_STATUS);
  }

  /**
   * Returns when the filter makes a request asynchronous.
   *
   * @return the moment
   */
  public Start start() {
    return get(Setting.START);
  }

  /**
   * Returns what writes and flushes of the application's own stream do after the end of the
   * exchange.
   *
   * @return what they do
   */
  public AfterDisconnect afterDisconnect() {
    return get(Setting.AFTER_DISCONNECT);
  }

  /**
   * Returns how long a request has to be pending before its connection is watched.
   *
   * @return 0 to 60 seconds
   */
  public Duration detectAfter() {
    return get(Setting.DETECT_AFTER);
  }

  /**
   * Returns what it means that the client has closed its own side of the connection only.
   *
   * @return the meaning of a FIN alone
   */
  public HalfClose halfClose() {
    return get(Setting.HALF_CLOSE);
  }

  /**
   * Returns the TCP keepalive of watched connections.
   *
   * @return the keepalive, or null if that of the connection is left alone
   */
  public @Nullable KeepAlive keepalive() {
    return get(Setting.KEEPALIVE).orElse(null);
  }

  /**
   * Returns for which requests the work is cancelled when the client disconnects.
   *
   * @return the policy
   */
  public CancelPolicy cancel() {
    return get(Setting.CANCEL);
  }

  /**
   * Returns at which ends bound work is cancelled.
   *
   * @return an immutable set, never with {@link End.Kind#COMPLETED}
   */
  public Set<End.Kind> cancelOn() {
    return get(Setting.CANCEL_ON);
  }

  /**
   * Returns the time between the client's disconnect and the cancelling of its work.
   *
   * @return 0 to 1 hour
   */
  public Duration cancelAfter() {
    return get(Setting.CANCEL_AFTER);
  }

  /**
   * Returns which requests are watched for a disconnect.
   *
   * @return the requests
   */
  public Watch watch() {
    return get(Setting.WATCH);
  }

  /**
   * Returns the executor that listeners and callbacks run on.
   *
   * @return the application's executor, or null for the filter's own pools
   */
  public @Nullable Executor executor() {
    return executor;
  }

  /**
   * Returns from how many pending bytes on a response is not writable.
   *
   * @return bytes, at least 1
   */
  public long maxPendingBytes() {
    return get(Setting.MAX_PENDING_BYTES);
  }

  /**
   * Returns how many bytes may be pending for one client.
   *
   * @return bytes, never less than {@link #maxPendingBytes}
   */
  public long pendingLimit() {
    return Math.max(get(Setting.PENDING_LIMIT), maxPendingBytes());
  }

  /**
   * Returns what becomes of a write over the {@link #pendingLimit}.
   *
   * @return what becomes of it
   */
  public OverLimit overLimit() {
    return get(Setting.OVER_LIMIT);
  }

  /**
   * Returns how long a client may take nothing of what waits for it.
   *
   * @return the time, zero for no limit
   */
  public Duration writeTimeout() {
    return get(Setting.WRITE_TIMEOUT);
  }

  /**
   * Returns how often a line in the log counts the exchanges that have ended since the line before.
   *
   * @return the period, zero for no such line
   */
  public Duration logSummary() {
    return get(Setting.LOG_SUMMARY);
  }

  /**
   * Returns the settings as they are written in {@code web.xml}, in one line; the executor, which
   * has no init-param, is not among them.
   */
  @Override
  public String toString() {
    return Setting.ALL.stream()
        .map(setting -> setting + "=" + setting.write(get(setting)))
        .collect(Collectors.joining(", "));
  }

  /**
   * Collects settings; each is checked as it is given. Not thread-safe.
   *
   * @since 0.1.0
   */
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
     * Sets what an init-param of this name sets in {@code web.xml}.
     *
     * @param name one of {@link SafeAsyncConfig#names}
     * @param text its value, such as {@code 30s}, {@code 2MB} or {@code always}
     * @return this builder
     * @throws IllegalArgumentException if there is no such name, or if the text is not allowed; the
     *     message says what is
     * @throws NullPointerException if an argument is null
     */
    public Builder set(String name, String text) {
      Objects.requireNonNull(text, "text");
      Setting<?> setting =
          Setting.named(Objects.requireNonNull(name, "name"))
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "There is no setting " + name + "; allowed are: " + Setting.names()));
      try {
        read(setting, text);
      } catch (MalformedSettingException e) {
        throw new IllegalArgumentException(e.getMessage(), e.getCause());
      }
      return this;
    }

    /**
     * Sets how long the application may take to finish a response; init-param {@code timeout}. The
     * time to send a finished response does not count.
     *
     * @param timeout zero for no limit; 30 seconds unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 292 years
     * @throws NullPointerException if it is null
     */
    public Builder timeout(Duration timeout) {
      return set(Setting.TIMEOUT, timeout);
    }

    /**
     * Sets the HTTP status with which a timeout is answered; init-param {@code timeout-status}.
     *
     * @param status 400 to 599; 503 unless set
     * @return this builder
     * @throws IllegalArgumentException if the status is not in that range
     */
    public Builder timeoutStatus(int status) {
      return set(Setting.TIMEOUT_STATUS, status);
    }

    /**
     * Sets the status that a response has in the end whose client has disconnected and of which
     * nothing has been sent; init-param {@code disconnect-status}. Nobody receives it: it is for
     * access logs, and for filters further out, that would show a success otherwise. {@link
     * Departure#ATTRIBUTE} is set in any case.
     *
     * @param status an error status, 400 to 599, or 0 to leave the status as it is; 499 unless set,
     *     as nginx has it
     * @return this builder
     * @throws IllegalArgumentException if it is neither
     */
    public Builder disconnectStatus(int status) {
      return set(Setting.DISCONNECT_STATUS, status);
    }

    /**
     * Sets when the filter makes a request asynchronous; init-param {@code start}.
     *
     * @param start {@link Start#ON_DEMAND} unless set
     * @return this builder
     * @throws NullPointerException if it is null
     */
    public Builder start(Start start) {
      return set(Setting.START, start);
    }

    /**
     * Sets what writes and flushes of the application's own stream do after the end of the
     * exchange; init-param {@code after-disconnect}.
     *
     * @param afterDisconnect {@link AfterDisconnect#THROW} unless set
     * @return this builder
     * @throws NullPointerException if it is null
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
     * @throws NullPointerException if it is null
     */
    public Builder detectAfter(Duration grace) {
      return set(Setting.DETECT_AFTER, grace);
    }

    /**
     * Sets what it means that the client has closed its own side of the connection only (a TCP FIN,
     * as from {@code shutdownOutput}), which looks like a disconnect until something is sent;
     * init-param {@code half-close}.
     *
     * @param halfClose {@link HalfClose#DISCONNECT} unless set
     * @return this builder
     * @throws NullPointerException if it is null
     */
    public Builder halfClose(HalfClose halfClose) {
      return set(Setting.HALF_CLOSE, halfClose);
    }

    /**
     * Sets TCP keepalive on watched connections, for clients that vanish without a FIN; init-param
     * {@code keepalive}. It changes the container's socket while the exchange is pending.
     *
     * @param keepalive the keepalive, or null to leave the connection alone; null unless set
     * @return this builder
     */
    public Builder keepalive(@Nullable KeepAlive keepalive) {
      return set(Setting.KEEPALIVE, Optional.ofNullable(keepalive));
    }

    /**
     * Sets for which requests the work is cancelled when the client disconnects; init-param {@code
     * cancel}. {@link SafeAsyncResponse#cancelPolicy} overrides it for one exchange.
     *
     * @param policy {@link CancelPolicy#SAFE_METHODS} unless set
     * @return this builder
     * @throws NullPointerException if it is null
     */
    public Builder cancel(CancelPolicy policy) {
      return set(Setting.CANCEL, policy);
    }

    /**
     * Sets at which ends bound work is cancelled; init-param {@code cancel-on}, a list such as
     * {@code disconnected, timed-out}.
     *
     * @param ends the ends, copied; {@link End.Kind#DISCONNECTED} alone unless set
     * @return this builder
     * @throws IllegalArgumentException if {@link End.Kind#COMPLETED} is among them
     * @throws NullPointerException if it is or contains null
     */
    public Builder cancelOn(Set<End.Kind> ends) {
      return set(
          Setting.CANCEL_ON, Values.copyOf(Objects.requireNonNull(ends, Setting.CANCEL_ON.name())));
    }

    /**
     * Sets the time between the client's disconnect and the cancelling of its work, for clients
     * that come back; init-param {@code cancel-after}. Meanwhile {@link Handle#remove} unbinds the
     * work, so that it can be bound to the next exchange.
     *
     * @param grace 0 to 1 hour; 0 unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 1 hour
     * @throws NullPointerException if it is null
     */
    public Builder cancelAfter(Duration grace) {
      return set(Setting.CANCEL_AFTER, grace);
    }

    /**
     * Sets which requests are watched for a disconnect; init-param {@code watch}.
     *
     * @param watch {@link Watch#ASYNC} unless set
     * @return this builder
     * @throws NullPointerException if it is null
     */
    public Builder watch(Watch watch) {
      return set(Setting.WATCH, watch);
    }

    /**
     * Sets what runs listeners, callbacks, the cancelling of bound work and whatever depends on a
     * stage of the library. A thread of the filter hands it each task, may wait for it, and runs
     * what it refuses. It is not shut down with the filter, and has no init-param.
     *
     * @param executor the application's executor; unless set, the filter has pools of its own, one
     *     of them for cancelling
     * @return this builder
     * @throws NullPointerException if it is null
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
     * Sets what becomes of a write over the {@link #pendingLimit}; init-param {@code over-limit}.
     *
     * @param overLimit {@link OverLimit#FAIL} unless set
     * @return this builder
     * @throws NullPointerException if it is null
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
     * @throws NullPointerException if it is null
     */
    public Builder writeTimeout(Duration writeTimeout) {
      return set(Setting.WRITE_TIMEOUT, writeTimeout);
    }

    /**
     * Sets how often a line at INFO counts the exchanges that have ended since the line before; a
     * period in which none has ended has none. Init-param {@code log-summary}.
     *
     * @param logSummary zero for no such line; zero unless set
     * @return this builder
     * @throws IllegalArgumentException if it is negative or longer than 292 years
     * @throws NullPointerException if it is null
     */
    public Builder logSummary(Duration logSummary) {
      return set(Setting.LOG_SUMMARY, logSummary);
    }

    /**
     * Returns the settings given so far; the builder can be used again.
     *
     * @return the settings
     */
    public SafeAsyncConfig build() {
      return new SafeAsyncConfig(this);
    }
  }
}
