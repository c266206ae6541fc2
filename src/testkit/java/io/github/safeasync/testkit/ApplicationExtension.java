package io.github.safeasync.testkit;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Starts an application on a container for the tests of a class: for all of them as a static field
 * with {@code @RegisterExtension}, for each of them anew as an instance field.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final ApplicationExtension application =
 *     ApplicationExtension.of(it -> it.filter(new SafeAsyncFilter()).servlet("/search", servlet));
 *
 * @Test
 * void search_stopsWithItsClient() throws Exception {
 *   application.hangUp().get("/search").once(search::isRunning).by(HangUp.Way.RST)
 *       .stops(search::isIdle, Duration.ofMillis(500));
 * }
 * }</pre>
 *
 * <p>Not thread-safe: JUnit calls it.
 *
 * @since 0.1.0
 */
public final class ApplicationExtension
    implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {

  private final @Nullable Container container;
  private final Transport transport;
  private final Consumer<TestApplication> application;
  private @Nullable TestServer server;
  private boolean ofClass;

  private ApplicationExtension(
      @Nullable Container container, Transport transport, Consumer<TestApplication> application) {
    this.container = container;
    this.transport = Objects.requireNonNull(transport, "transport");
    this.application = Objects.requireNonNull(application, "application");
  }

  /**
   * Returns an extension for the first container that is on the class path, over HTTP/1.1.
   *
   * @param application what to deploy
   * @return the extension, to be registered
   */
  public static ApplicationExtension of(Consumer<TestApplication> application) {
    return new ApplicationExtension(null, Transport.PLAIN, application);
  }

  /**
   * Returns an extension for a container.
   *
   * @param container on the class path
   * @param transport how clients reach it
   * @param application what to deploy
   * @return the extension, to be registered
   */
  public static ApplicationExtension on(
      Container container, Transport transport, Consumer<TestApplication> application) {
    return new ApplicationExtension(
        Objects.requireNonNull(container, "container"), transport, application);
  }

  /**
   * Returns the server that was started.
   *
   * @return the server, the extension's to stop
   * @throws IllegalStateException if no test is running
   */
  public TestServer server() {
    if (server == null) {
      throw new IllegalStateException(
          "The application has not been started: put @RegisterExtension on the field of "
              + ApplicationExtension.class.getSimpleName());
    }
    return server;
  }

  /**
   * Returns a client that will hang up.
   *
   * @return the client, which has not connected
   */
  public HangUp hangUp() {
    return HangUp.of(server());
  }

  /** Called by JUnit. */
  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    ofClass = true;
    start();
  }

  /** Called by JUnit. */
  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    stop();
  }

  /** Called by JUnit. */
  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    if (!ofClass) {
      start();
    }
  }

  /** Called by JUnit. */
  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (!ofClass) {
      stop();
    }
  }

  private void start() throws Exception {
    Container on = container == null ? Container.available().iterator().next() : container;
    server = on.start(transport, application);
  }

  private void stop() throws Exception {
    TestServer started = server;
    server = null;
    if (started != null) {
      started.close();
    }
  }
}
