package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;

/** Whoever waits for an end is told on the executor, which is asked for nothing else. */
class WaitingForTheEndIT {

  private final Queue<Runnable> given = new ConcurrentLinkedQueue<>();
  private final Executor executor =
      task -> {
        given.add(task);
        task.run();
      };

  @ParameterizedTest
  @EveryContainer
  void endOfWhichNobodyWaits_takesNoThread(Container container) throws Exception {
    try (Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      SafeAsyncResponse response = finished(site, client);

      assertThat(ended(response.end()).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(response.outcome().toCompletableFuture()).isCompleted();
    }
    assertThat(given).isEmpty();
  }

  @ParameterizedTest
  @EveryContainer
  void endOfWhichSomebodyWaits_isToldOnTheExecutor_once(Container container) throws Exception {
    try (Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      isToldOnce(site, client, SafeAsyncResponse::end);
      isToldOnce(site, client, SafeAsyncResponse::outcome);
    }
  }

  private void isToldOnce(
      Site site, RawClient client, Function<SafeAsyncResponse, CompletionStage<?>> waiting)
      throws Exception {
    given.clear();
    client.get("/take");
    SafeAsyncResponse response = site.take();
    CompletionStage<?> told = waiting.apply(response);
    response.finish("told");

    assertThat(client.readResponse().body()).isEqualTo("told");
    told.toCompletableFuture().get(Site.PATIENCE_SECONDS, SECONDS);
    assertThat(given).hasSize(1);
  }

  private static SafeAsyncResponse finished(Site site, RawClient client) throws Exception {
    client.get("/take");
    SafeAsyncResponse response = site.take();
    response.finish("untold");
    assertThat(client.readResponse().body()).isEqualTo("untold");
    return response;
  }

  private static End ended(CompletionStage<End> end) throws Exception {
    return end.toCompletableFuture().get(Site.PATIENCE_SECONDS, SECONDS);
  }

  private Site start(Container container) throws Exception {
    return Site.start(container, SafeAsyncConfig.builder().executor(executor).build());
  }
}
