package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.Filter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.SimpleFormatter;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Clients that leave while the DispatcherServlet is still inside, or before it is asked. */
class LeavingEarlyIT {

  private static final int CLIENTS = 200;
  private static final int AT_ONCE = 20;

  /** Longer than a hang-up takes to be noticed, where it is. */
  private static final Duration LEFT = Duration.ofMillis(400);

  static volatile CountDownLatch inside = new CountDownLatch(1);
  static final AtomicInteger MADE = new AtomicInteger();
  static final AtomicInteger COMPLETED = new AtomicInteger();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(Answering.class)
  static class Application implements WebMvcConfigurer {

    /** What Spring runs between its startAsync and its look at isAsyncStarted. */
    @Override
    public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
      configurer.registerDeferredResultInterceptors(
          new DeferredResultProcessingInterceptor() {
            @Override
            public <T> void preProcess(NativeWebRequest request, DeferredResult<T> result)
                throws InterruptedException {
              boolean slow = request.getParameter("slow") != null;
              inside.countDown();
              Thread.sleep(slow ? LEFT.toMillis() : AT_ONCE / 2);
            }
          });
    }
  }

  /** Its answers. */
  @RestController
  static class Answering {

    @GetMapping("/deferred")
    DeferredResult<String> deferred() {
      DeferredResult<String> result = new DeferredResult<>(2_000L);
      count(result::onCompletion);
      return result;
    }

    @GetMapping("/sse")
    SseEmitter sse() {
      SseEmitter emitter = new SseEmitter(2_000L);
      count(emitter::onCompletion);
      return emitter;
    }

    /** Tomcat by itself has Spring call back twice after a timeout. */
    private static void count(Consumer<Runnable> completion) {
      AtomicBoolean first = new AtomicBoolean(true);
      MADE.incrementAndGet();
      completion.accept(
          () -> {
            if (first.getAndSet(false)) {
              COMPLETED.incrementAndGet();
            }
          });
    }
  }

  @BeforeEach
  void reset() {
    inside = new CountDownLatch(1);
    MADE.set(0);
    COMPLETED.set(0);
  }

  @ParameterizedTest
  @EveryContainer
  void servletThatIsInside_takesItsOwnStartForStarted_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = MvcServer.start(container, Application.class, new SafeAsyncFilter())) {
      RawClient client = RawClient.connect(server).get("/deferred?slow=1");
      assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
      client.closeRst();
      await().atMost(Duration.ofSeconds(10)).until(() -> COMPLETED.get() == 1);
      assertThat(loud(logs)).isEmpty();
    }
  }

  private static List<String> loud(Logs logs) {
    SimpleFormatter formatter = new SimpleFormatter();
    return logs.aboveInfo().stream().map(formatter::format).toList();
  }

  private static void come(TestServer server) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Callable<Void>> comers = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        long stays = i % AT_ONCE;
        comers.add(
            () -> {
              RawClient client = RawClient.connect(server).get("/sse");
              Thread.sleep(stays);
              client.closeRst();
              return null;
            });
      }
      for (Future<Void> each : clients.invokeAll(comers)) {
        each.get();
      }
    } finally {
      clients.shutdown();
    }
  }

  /** Without the filter the emitters' own timeout is what completes them. */
  private static int lost(Container container, Filter... filters) throws Exception {
    try (Logs unwanted = Logs.swallow();
        TestServer server = MvcServer.start(container, Application.class, filters)) {
      come(server);
      AtomicInteger before = new AtomicInteger(-1);
      await()
          .pollInterval(Duration.ofMillis(500))
          .atMost(Duration.ofSeconds(20))
          .until(() -> MADE.get() == before.getAndSet(MADE.get()));
      try {
        await().atMost(Duration.ofSeconds(5)).until(() -> COMPLETED.get() == MADE.get());
      } catch (ConditionTimeoutException lost) {
        // Counted below.
      }
      System.out.printf(
          "%s %s: of %d emitters %d were never completed%n",
          container,
          filters.length == 0 ? "raw" : "with the filter",
          MADE.get(),
          MADE.get() - COMPLETED.get());
      return MADE.get() - COMPLETED.get();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void emittersOfClientsThatLeaveAtOnce_areAllCompleted_G13(Container container) throws Exception {
    int without = lost(container);
    reset();
    assertThat(lost(container, new SafeAsyncFilter()))
        .as("emitters that never heard onCompletion; without the filter %d", without)
        .isZero();
  }
}
