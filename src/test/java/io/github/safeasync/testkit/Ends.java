package io.github.safeasync.testkit;

import io.github.safeasync.internal.exchange.Exchange;
import jakarta.servlet.ServletRequest;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** For tests of other packages: whether an exchange has ended. */
public final class Ends {

  private Ends() {}

  /** Whether the library watches a request's client. */
  public static boolean isWatched(ServletRequest request) {
    Exchange exchange = Exchange.of(request);
    return exchange != null && exchange.isStarted();
  }

  /**
   * Waits until the library has decided the end of a request's exchange.
   *
   * @return whether it has; true of a request that the library does not watch
   */
  public static boolean await(ServletRequest request, Duration atMost) {
    Exchange exchange = Exchange.of(request);
    if (exchange == null || !exchange.isStarted()) {
      return true;
    }
    try {
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .atMost(atMost)
          .until(() -> !exchange.isLive());
      return true;
    } catch (ConditionTimeoutException notDecided) {
      return false;
    }
  }
}
