package io.github.safeasync.context;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import io.github.safeasync.internal.exchange.FreeExchange;
import io.github.safeasync.testkit.Threads;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Micrometer's context-propagation carries the current exchange, and leaves nothing behind. */
class ContextPropagationTest {

  private final ExecutorService pool = Threads.started(1);
  private final ContextSnapshotFactory factory = ContextSnapshotFactory.builder().build();
  private final Callable<CancellationToken> current = CancellationToken::current;

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  @Test
  void snapshot_carriesTheExchange_andGivesTheThreadBackAsItWas() throws Exception {
    try (FreeExchange exchange = new FreeExchange("GET");
        FreeExchange other = new FreeExchange("GET")) {
      ContextSnapshot of = snapshotOf(exchange.token());
      assertThat(pool.submit(of.wrap(current)).get()).isSameAs(exchange.token());
      assertThat(pool.submit(current).get()).isSameAs(CancellationToken.none());
      Callable<CancellationToken> nested =
          other
              .token()
              .wrap(() -> of.wrap(current).call() == exchange.token() ? current.call() : null);
      assertThat(pool.submit(nested).get()).isSameAs(other.token());
      assertThat(pool.submit(current).get()).isSameAs(CancellationToken.none());
    }
  }

  private ContextSnapshot snapshotOf(CancellationToken token) {
    Handle before = token.makeCurrent();
    try {
      return factory.captureAll();
    } finally {
      before.remove();
    }
  }

  @Test
  void snapshotOfNoExchange_carriesNone() throws Exception {
    ContextSnapshot none = factory.captureAll();
    assertThat(pool.submit(none.wrap(current)).get()).isSameAs(CancellationToken.none());
  }
}
