package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;

/** How the filter is installed, told what to do, and misused. */
class FilterIT {

  private static final Handler TAKE_AND_SAY_WHY_NOT =
      (request, response) -> {
        try {
          SafeAsyncResponse.of(request).finish("taken");
        } catch (IllegalStateException e) {
          response.getWriter().write(e.getMessage());
        }
      };

  private static final SafeAsyncConfig EAGER =
      SafeAsyncConfig.builder().start(SafeAsyncConfig.Start.EAGER).build();

  @ParameterizedTest
  @EveryContainer
  void withoutTheFilter_ofSaysHowToInstallIt(Container container) throws Exception {
    try (TestServer server = container.start(it -> it.handler("/take", TAKE_AND_SAY_WHY_NOT));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/take").readResponse().body())
          .contains("No SafeAsyncFilter is mapped", "web.xml", "<async-supported>", "Spring Boot");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void withoutAsyncSupport_ofSaysHowToInstallIt(Container container) throws Exception {
    try (TestServer server =
            container.start(
                application ->
                    application
                        .filter(
                            "safe",
                            new SafeAsyncFilter(),
                            Map.of(),
                            false,
                            EnumSet.of(DispatcherType.REQUEST),
                            "/*")
                        .handler("/take", TAKE_AND_SAY_WHY_NOT));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/take").readResponse().body())
          .contains("does not support asynchronous", "<async-supported>true</async-supported>");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void initParams_areRead(Container container) throws Exception {
    try (TestServer server =
            container.start(
                application ->
                    application
                        .filter(
                            new SafeAsyncFilter(),
                            Map.of("timeout", "PT0.05S", "timeout-status", "504"))
                        .handler("/take", (in, out) -> SafeAsyncResponse.of(in)));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/take").readResponse().status()).isEqualTo(504);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void badInitParam_stopsTheDeployment(Container container) {
    try (Logs logs = Logs.swallow()) {
      assertThatThrownBy(() -> deploy(container, Map.of("timeout", "soon")))
          .hasStackTraceContaining("timeout = \"soon\"; allowed is milliseconds, or a duration");
      assertThatThrownBy(() -> deploy(container, Map.of("timeuot", "1")))
          .hasStackTraceContaining("unknown init-param timeuot; allowed are: timeout, ");
    }
  }

  private static void deploy(Container container, Map<String, String> parameters) throws Exception {
    container.start(it -> it.filter(new SafeAsyncFilter(), parameters)).close();
  }

  @ParameterizedTest
  @EveryContainer
  void eager_completesARequestThatNobodyTakes(Container container) throws Exception {
    try (Site site = Site.start(container, EAGER);
        RawClient client = RawClient.connect(site.server())) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      }
      client.get("/take");
      site.take().finish("taken");
      assertThat(client.readResponse().body()).isEqualTo("taken");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void servletThatThrowsAfterTaking_endsFailed_containerAnswers(Container container)
      throws Exception {
    java.util.concurrent.CompletableFuture<SafeAsyncResponse> taken =
        new java.util.concurrent.CompletableFuture<>();
    try (Logs logs = Logs.swallow();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                application ->
                    application.handler(
                        "/throw",
                        (in, out) -> {
                          taken.complete(SafeAsyncResponse.of(in));
                          throw new IllegalStateException("a fault of the servlet");
                        }));
        RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/throw").readResponse().status()).isEqualTo(500);
      End end = Site.endOf(taken.get());
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.cause().orElseThrow()).hasMessage("a fault of the servlet");
      try (RawClient next = RawClient.connect(site.server())) {
        assertThat(next.get("/plain").readResponse().body()).isEqualTo("plain");
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void applicationThatHasStartedAsync_isJoined(Container container) throws Exception {
    try (Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                application ->
                    application.handler(
                        "/own",
                        (in, out) -> {
                          AsyncContext own = in.startAsync();
                          own.setTimeout(0);
                          SafeAsyncResponse.of(in).finish("joined");
                        }));
        RawClient client = RawClient.connect(site.server())) {
      RawResponse answer = client.get("/own").readResponse();
      assertThat(answer.body()).isEqualTo("joined");
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
    }
  }
}
