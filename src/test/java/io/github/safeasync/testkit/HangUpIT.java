package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.HangUp.Way;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;

/** What an application tests itself with. */
class HangUpIT {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration A_WHILE = Duration.ofMillis(200);

  private static final AtomicReference<CompletableFuture<String>> WORK = new AtomicReference<>();

  @RegisterExtension
  static final ApplicationExtension APPLICATION = ApplicationExtension.of(HangUpIT::deploy);

  private static void deploy(TestApplication application) {
    application
        .filter(new SafeAsyncFilter())
        .handler(
            "/bound",
            (request, response) -> {
              CompletableFuture<String> work = new CompletableFuture<>();
              SafeAsyncResponse.of(request).cancelOnDisconnect(work);
              WORK.set(work);
            })
        .handler(
            "/unbound",
            (request, response) -> {
              SafeAsyncResponse.of(request);
              WORK.set(new CompletableFuture<>());
            });
  }

  private static boolean isRunning() {
    CompletableFuture<String> work = WORK.get();
    return work != null && !work.isDone();
  }

  private static boolean isIdle() {
    return !isRunning();
  }

  @ParameterizedTest
  @EveryTransport
  void boundWork_stops(Container container, Transport transport) throws Exception {
    try (TestServer server = container.start(transport, HangUpIT::deploy)) {
      for (Way way : Way.values()) {
        if (transport.isHttp2() ? way != Way.HALF_CLOSE : way != Way.HTTP2_RESET) {
          WORK.set(null);
          Duration took =
              HangUp.of(server)
                  .get("/bound")
                  .once(HangUpIT::isRunning)
                  .by(way)
                  .stops(HangUpIT::isIdle, SOON);
          assertThat(took).isBetween(Duration.ZERO, SOON);
        }
      }
    }
  }

  @Test
  void unboundWork_isAFailureThatSaysWhatToDo() throws Exception {
    WORK.set(null);
    HangUp.After after = APPLICATION.hangUp().get("/unbound").once(HangUpIT::isRunning).by(Way.RST);

    assertThatThrownBy(() -> after.stops(HangUpIT::isIdle, A_WHILE))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("its work still goes on 200 ms later")
        .hasMessageContaining("CancellationToken.current().bind(work)");
  }

  @Test
  void spared_goesOn() throws Exception {
    WORK.set(null);
    HangUp.of(APPLICATION.server().port())
        .send("POST /bound HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        .once(HangUpIT::isRunning)
        .by(Way.FIN)
        .goesOn(HangUpIT::isRunning, A_WHILE);
  }

  @Test
  void streamReset_isOfHttp2Alone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> APPLICATION.hangUp().get("/bound").by(Way.HTTP2_RESET))
        .withMessageContaining("Transport.H2C");
  }
}
