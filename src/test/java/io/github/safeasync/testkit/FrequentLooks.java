package io.github.safeasync.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets Awaitility look often, in every test: at its own pace, ten times a second, the time until
 * the next look would be most of what these tests take. JUnit finds it in META-INF/services.
 */
public final class FrequentLooks implements BeforeAllCallback {

  private static final Duration INTERVAL = Duration.ofMillis(5);

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultPollInterval(INTERVAL);
  }
}
