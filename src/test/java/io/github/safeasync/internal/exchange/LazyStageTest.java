package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class LazyStageTest {

  private final LazyStage<String> stage = new LazyStage<>();

  @Test
  void isAwaited_ofNobody_completesWhatIsAskedForLater() {
    assertThat(stage.isAwaited("told")).isFalse();

    assertThat(stage.stage().toCompletableFuture()).isCompletedWithValue("told");
  }

  @Test
  void isAwaited_bySomebody_leavesItToComplete() {
    CompletionStage<String> waiting = stage.stage();
    List<String> heard = new ArrayList<>();
    waiting.thenAccept(heard::add);

    assertThat(stage.isAwaited("told")).isTrue();
    assertThat(heard).isEmpty();

    stage.complete("told");
    assertThat(heard).containsExactly("told");
  }

  @Test
  void complete_comesAgain_theFirstCounts() {
    stage.complete("told");
    stage.complete("again");

    assertThat(stage.stage().toCompletableFuture()).isCompletedWithValue("told");
  }

  @Test
  void stage_racesTheEnd_isCompletedOnceByOneOfTheTwo() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    CyclicBarrier start = new CyclicBarrier(2);
    try {
      for (int i = 0; i < 10_000; i++) {
        LazyStage<String> raced = new LazyStage<>();
        Future<CompletionStage<String>> asked =
            two.submit(
                () -> {
                  start.await();
                  return raced.stage();
                });
        Future<Boolean> awaited =
            two.submit(
                () -> {
                  start.await();
                  return raced.isAwaited("told");
                });
        assertThat(asked.get().toCompletableFuture().isDone()).isNotEqualTo(awaited.get());
        raced.complete("told");
        assertThat(asked.get().toCompletableFuture()).isCompletedWithValue("told");
      }
    } finally {
      two.shutdownNow();
    }
  }
}
