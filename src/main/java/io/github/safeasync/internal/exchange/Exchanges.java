package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.Visible;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The exchanges of one filter, and the one door through which the API comes in. Thread-safe. */
public final class Exchanges {

  /** How often it is looked for exchanges that a container has ended without telling anybody. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final String name;
  private final FilterScope scope;
  private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final AtomicBoolean uninstalled = new AtomicBoolean();
  private final AtomicBoolean second = new AtomicBoolean();
  private volatile boolean shutDown;

  private final Handle inJmx;

  private Exchanges(String name, String context, SafeAsyncConfig config, ExchangeStats stats) {
    this.name = name;
    this.scope = new FilterScope(config, stats);
    this.inJmx = StatsBean.register(stats, context, name);
  }

  /** Returns what counts the exchanges of a filter that is to be installed. */
  public static SafeAsyncStats newStats() {
    return new ExchangeStats();
  }

  /**
   * Starts what the exchanges of a filter need.
   *
   * @param name of the filter, for the log
   * @param context the path of the application
   * @param stats made by {@link #newStats}
   */
  public static Exchanges install(
      String name, String context, SafeAsyncConfig config, SafeAsyncStats stats) {
    ExchangeStats counts = (ExchangeStats) stats;
    Exchanges installed = new Exchanges(name, context, config, counts);
    counts.looksAt(installed.scope::watching, installed::pendingBytes);
    installed.summarise(new Summary(counts));
    installed.scope.detection().thenAccept(detection -> Log.installed(name, config, detection));
    return installed;
  }

  /** Ends every open exchange, and the threads; once. */
  public void uninstall() {
    if (!uninstalled.getAndSet(true)) {
      inJmx.remove();
      Log.shutDown(name, shutDown());
    }
  }

  /** A call of the filter. On the container's thread. */
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    FilterCall.doFilter(this, request, response, chain);
  }

  /**
   * Returns the response of the exchange that a request belongs to: see {@link
   * SafeAsyncResponse#of}.
   */
  public static SafeAsyncResponse responseOf(ServletRequest request) {
    return Exchange.behind(request).take();
  }

  /** Returns the response of the exchange that the calling thread works for: null if none. */
  public static @Nullable SafeAsyncResponse currentResponse() {
    CurrentExchange.Work now = CurrentExchange.get();
    return now == null ? null : now.response();
  }

  /** Returns the token of the exchange that the calling thread works for; null if none. */
  public static @Nullable CancellationToken currentToken() {
    CurrentExchange.Work now = CurrentExchange.get();
    return now == null ? null : now.token();
  }

  /** Sees that the calling thread works for no exchange: see {@link CancellationToken#none}. */
  public static Handle makeNoneCurrent() {
    return CurrentExchange.makeCurrent(null);
  }

  /** Returns a text that somebody else has chosen as a line may show it. */
  public static String visible(String text) {
    return Visible.of(text);
  }

  public FilterScope scope() {
    return scope;
  }

  /** A request has come that another filter looks after. */
  void isSecondTo(Exchanges first) {
    if (!second.get() && second.compareAndSet(false, true)) {
      Log.secondFilter(name, first.name);
    }
  }

  private long pendingBytes() {
    long bytes = 0;
    for (Exchange exchange : open) {
      bytes += exchange.pendingBytes();
    }
    return bytes;
  }

  /** A request has come, on the calling thread. */
  Exchange open(HttpServletRequest request, HttpServletResponse response) {
    return new Exchange(this, request, response);
  }

  /** Says in the log what has ended, once a period, if anything has. */
  private void summarise(Summary summary) {
    Duration period = scope.config().logSummary();
    if (!period.isZero() && !shutDown) {
      Future<?> unused =
          scope.schedule(
              name,
              () -> {
                summary.next().ifPresent(counts -> Log.summary(name, counts));
                summarise(summary);
              },
              period);
    }
  }

  /** An exchange has become asynchronous. */
  void opened(Exchange exchange) {
    open.add(exchange);
    if (!looking.get() && looking.compareAndSet(false, true)) {
      Future<?> unused = scope.schedule(name, this::look, LOOK);
    }
    if (shutDown) {
      exchange.shutDown();
    }
  }

  /** On the timer's thread; as long as there is something to look at. */
  private void look() {
    for (Exchange exchange : open) {
      Attempt.to(exchange, "look at a request in its container", exchange.events()::look);
    }
    looking.set(false);
    if (!open.isEmpty() && looking.compareAndSet(false, true)) {
      Future<?> unused = scope.schedule(name, this::look, LOOK);
    }
  }

  /** An exchange has ended and lets go of the container. */
  void ended(Exchange exchange) {
    open.remove(exchange);
  }

  public int size() {
    return open.size();
  }

  /**
   * Ends every open exchange and lets its listeners run.
   *
   * @return how many were open
   */
  private int shutDown() {
    shutDown = true;
    scope.shuttingDown();
    int ended = 0;
    try {
      for (Exchange exchange : open) {
        ended += shutDown(exchange) ? 1 : 0;
      }
    } finally {
      scope.shutDown();
    }
    return ended;
  }

  private static boolean shutDown(Exchange exchange) {
    try {
      return exchange.shutDown();
    } catch (Throwable failure) {
      Log.stepFailed(exchange, "end an exchange at the shutdown", failure);
      return false;
    }
  }
}
