package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.Logs;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;

class CycleListenersTest {

  private static final AsyncContext UNUSED =
      (AsyncContext)
          Proxy.newProxyInstance(
              AsyncContext.class.getClassLoader(),
              new Class<?>[] {AsyncContext.class},
              (proxy, method, arguments) -> "a context");

  private static class Hearing extends DeafListener {
    private final List<String> heard;

    Hearing(List<String> heard) {
      this.heard = heard;
    }

    @Override
    public void onError(AsyncEvent event) {
      heard.add("onError");
    }

    @Override
    public void onComplete(AsyncEvent event) {
      heard.add("onComplete");
    }
  }

  /** What another callback of the request's lets out keeps nobody from hearing of the end. */
  @Test
  void callbackThatThrows_keepsNoEventFromBeingTold_G4() {
    List<String> heard = new ArrayList<>();
    CycleListeners listeners = new CycleListeners(UNUSED, failure -> false);
    listeners.add(new Hearing(heard), null, null);
    try (Logs logs = Logs.swallow()) {
      listeners.leave(
          () -> {
            throw new LinkageError("thrown by the test");
          });
      listeners.tell(CycleListeners.Kind.ERROR, null, null);
      listeners.tell(CycleListeners.Kind.COMPLETE, null, null);
      assertThat(logs.lines(Level.WARNING)).hasSize(1);
    }
    assertThat(heard).containsExactly("onError", "onComplete");
  }

  /** Nor does what the telling of an event lets out, as where there is no memory to say so. */
  @Test
  void tellingThatFails_keepsNoLaterEventFromBeingTold_G4() {
    List<String> heard = new ArrayList<>();
    CycleListeners listeners =
        new CycleListeners(
            UNUSED,
            failure -> {
              throw new LinkageError("thrown by the test");
            });
    listeners.add(
        new Hearing(heard) {
          @Override
          public void onError(AsyncEvent event) {
            throw new IllegalStateException("thrown by the test");
          }
        },
        null,
        null);
    try (Logs logs = Logs.swallow()) {
      listeners.tell(CycleListeners.Kind.ERROR, null, null);
      listeners.tell(CycleListeners.Kind.COMPLETE, null, null);
      assertThat(logs.lines(Level.WARNING)).hasSize(1);
    }
    assertThat(heard).containsExactly("onComplete");
  }

  /** Who leaves an event has it told where somebody listens; who comes later tells it himself. */
  @Test
  void registrationThatRacesALeftCompletion_isToldOnce_G4() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    CyclicBarrier start = new CyclicBarrier(2);
    try {
      for (int i = 0; i < 10_000; i++) {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        CycleListeners listeners = new CycleListeners(UNUSED, failure -> false);
        Future<?> registers =
            two.submit(
                () -> {
                  start.await();
                  listeners.add(new Hearing(heard), null, null);
                  return null;
                });
        Future<?> leaves =
            two.submit(
                () -> {
                  start.await();
                  listeners.leave(CycleListeners.Kind.COMPLETE, null, null);
                  if (!listeners.isEmpty()) {
                    listeners.drain();
                  }
                  return null;
                });
        registers.get();
        leaves.get();
        assertThat(heard).containsExactly("onComplete");
      }
    } finally {
      two.shutdownNow();
    }
  }
}
