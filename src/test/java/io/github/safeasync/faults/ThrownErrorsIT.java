package io.github.safeasync.faults;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.faults.ThrowingApplication.Trait;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An Error thrown at each place at which the library calls the application: the exchange is told
 * and closed, once, and the watcher, the timers and the pools go on.
 */
class ThrownErrorsIT {

  private record Begun(Exchange exchange, CompletionStage<End> end) {}

  private final BlockingQueue<Begun> begun = new LinkedBlockingQueue<>();
  private volatile ThrowingApplication application;
  private volatile Fault fault;

  private void serve(HttpServletRequest request, HttpServletResponse response) throws IOException {
    begun.add(new Begun(Exchange.of(request), CancellationToken.current().end()));
    application.serve(request, response, fault);
  }

  private Site start(Container container) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().cancel(CancelPolicy.ALWAYS).build();
    return Site.start(
        container, Transport.PLAIN, config, app -> app.handler("/fault", this::serve));
  }

  private void play(Site site, ThrowingApplication place, Supplier<? extends Error> error)
      throws Exception {
    application = place;
    fault = new Fault(error);
    try (RawClient client = RawClient.connect(site.server())) {
      client.send(
          (place.is(Trait.UPLOAD) ? "POST" : "GET")
              + " /fault HTTP/1.1\r\nHost: localhost\r\n"
              + (place.is(Trait.UPLOAD) ? "Content-Length: 100\r\n\r\n0123456789" : "\r\n"));
      Begun now = begun.poll(10, SECONDS);
      assertThat(now).as("%s", place).isNotNull();
      if (place.is(Trait.BEFORE_THE_END)) {
        fault.awaitStrike(place);
      }
      if (!place.is(Trait.ENDS_IT)) {
        client.closeRst();
      }
      fault.awaitStrike(place);
      Sound.await()
          .atMost(20, SECONDS)
          .untilAsserted(
              () ->
                  assertThat(now.exchange().lifecycle().phase())
                      .as("%s", place)
                      .isEqualTo(Lifecycle.Phase.CLOSED));
      assertThat(now.end().toCompletableFuture())
          .as("%s", place)
          .succeedsWithin(Duration.ofSeconds(10));
      if (place.is(Trait.ENDS_IT)) {
        Sound.hears(client, place);
      }
    }
    assertThat(fault.calls()).as("%s", place).isEqualTo(1);
  }

  @ParameterizedTest
  @EveryContainer
  void byTheApplication_exchangeIsToldAndClosed_andTheFilterGoesOn_G2_G4_G13(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = start(container)) {
      for (ThrowingApplication place : ThrowingApplication.values()) {
        for (Supplier<? extends Error> error : Fault.errors(place.ordinal())) {
          logs.clear();
          play(site, place, error);
          Sound.goesOn(site, place);
          List<String> warnings = logs.lines(Level.WARNING);
          if (place.is(Trait.LEFT_TO_CONTAINER)) {
            assertThat(warnings).as("%s", place).isEmpty();
          } else {
            assertThat(warnings).as("%s", place).hasSize(1);
            assertThat(warnings.get(0)).contains(" exchange ", " /fault of 127.0.0.1:");
          }
        }
      }
    }
  }

  /** Whoever cannot log a line loses the line. */
  @ParameterizedTest
  @EveryContainer
  void byTheLogAsWell_losesTheLineAlone_G2_G4_G13(Container container) throws Exception {
    Logger library = Logger.getLogger("io.github.safeasync");
    Handler failing =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            throw new OutOfMemoryError("thrown by the test");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    try (Logs logs = Logs.swallow();
        Site site = start(container)) {
      library.addHandler(failing);
      try {
        for (ThrowingApplication place : ThrowingApplication.values()) {
          play(site, place, Fault.errors(place.ordinal()).get(0));
          Sound.goesOn(site, place);
        }
      } finally {
        library.removeHandler(failing);
      }
    }
  }

  /** An executor of the application's that has no thread left. */
  @ParameterizedTest
  @EveryContainer
  void byTheExecutor_isDoneWithout_G2_G4_G13(Container container) throws Exception {
    Executor exhausted =
        task -> {
          throw new OutOfMemoryError("unable to create native thread");
        };
    try (Logs logs = Logs.swallow();
        Site site = Site.start(container, SafeAsyncConfig.builder().executor(exhausted).build())) {
      for (int i = 0; i < 3; i++) {
        Sound.goesOn(site, exhausted);
      }
      assertThat(logs.lines(Level.WARNING)).singleElement().asString().contains("refuses tasks");
    }
  }
}
