package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.detect.HangUpWatch;
import io.github.safeasync.internal.guard.RequestBody;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rest of a filter chain, on whose thread the client's hang-up is an interrupt as long as it is
 * in here. What it throws after that goes no further: nobody is left to be answered.
 */
final class InterruptingChain implements FilterChain {

  private final FilterScope scope;
  private final BooleanSupplier wanted;
  private final HttpServletRequest watched;
  private final FilterChain chain;
  private final Interruption interruption = new Interruption(Thread.currentThread());
  private volatile @Nullable Future<?> delayed;

  private InterruptingChain(
      FilterScope scope, BooleanSupplier wanted, HttpServletRequest watched, FilterChain chain) {
    this.scope = scope;
    this.wanted = wanted;
    this.watched = watched;
    this.chain = chain;
  }

  /**
   * Returns a chain that interrupts the calling thread, if the filter is told so; it serves one
   * request.
   *
   * @param wanted whether that is one to be interrupted, asked at the hang-up: it may say so itself
   */
  static FilterChain around(
      FilterChain chain, FilterScope scope, BooleanSupplier wanted, HttpServletRequest request) {
    CancelSettings settings = scope.cancelSettings();
    return settings.synchronous() && settings.on().contains(End.Kind.DISCONNECTED)
        ? new InterruptingChain(scope, wanted, request, chain)
        : chain;
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response)
      throws IOException, ServletException {
    HangUpWatch watch = scope.watch(scope.connectionOf(watched), this::gone);
    try {
      if (RequestBody.isNone(watched)) {
        watch.bodyRead();
      }
      chain.doFilter(request, response);
    } catch (IOException | ServletException | RuntimeException failure) {
      if (!interruption.isInterrupted()) {
        throw failure;
      }
      Log.interruptedServletFailed(failure);
    } finally {
      watch.release();
      interruption.finish();
      Future<?> waiting = delayed;
      if (waiting != null) {
        waiting.cancel(false);
      }
    }
  }

  /** On the detector's thread, which must not wait. */
  private void gone(Departure departure) {
    Duration grace = scope.cancelSettings().after();
    if (grace.isZero()) {
      scope.cancel(() -> interrupt(departure));
    } else {
      delayed = scope.schedule(() -> scope.cancel(() -> interrupt(departure)), grace);
    }
  }

  private void interrupt(Departure departure) {
    if (wanted.getAsBoolean() && interruption.interrupt()) {
      Log.interrupted(departure);
    }
  }
}
