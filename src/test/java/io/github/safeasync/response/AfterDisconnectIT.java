package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;

/** What an ordinary copy loop in another thread meets when its client leaves. */
class AfterDisconnectIT {

  private static final int FIRST = 1000;
  private static final int MORE = 10_000_000;

  /** Gives a few bytes, then waits for the hang-up, then gives many. */
  private static final class Source extends InputStream {
    private final CountDownLatch gone;
    private int given;

    Source(CountDownLatch gone) {
      this.gone = gone;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int wanted = given < FIRST ? FIRST : Math.min(length, FIRST + MORE - given);
      if (given >= FIRST) {
        pause(gone);
      }
      given += wanted;
      return wanted == 0 ? -1 : wanted;
    }
  }

  private static void pause(CountDownLatch gone) throws IOException {
    try {
      if (!gone.await(10, SECONDS)) {
        throw new IOException("nobody noticed the hang-up");
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  /** What is done with the response, in a thread of the application. */
  private interface Work {
    String with(ServletResponse response, CountDownLatch gone) throws IOException;
  }

  private static Handler asynchronously(Work work, CompletableFuture<String> result) {
    return (request, response) -> {
      CountDownLatch gone = new CountDownLatch(1);
      AsyncContext context = request.startAsync();
      context.addListener(new Gone(gone));
      context.start(
          () -> {
            try {
              result.complete(work.with(context.getResponse(), gone));
            } catch (IOException | RuntimeException e) {
              result.completeExceptionally(e);
            } finally {
              context.complete();
            }
          });
    };
  }

  private static final class Gone extends DeafListener {
    private final CountDownLatch gone;

    Gone(CountDownLatch gone) {
      this.gone = gone;
    }

    @Override
    public void onError(AsyncEvent event) {
      gone.countDown();
    }
  }

  private static String copy(ServletResponse response, CountDownLatch gone) throws IOException {
    response.getOutputStream().flush();
    return "copied " + new Source(gone).transferTo(response.getOutputStream());
  }

  private static String print(ServletResponse response, CountDownLatch gone) throws IOException {
    PrintWriter out = response.getWriter();
    out.print("first");
    boolean before = out.checkError();
    pause(gone);
    out.print("x".repeat(100_000));
    return "error " + before + " then " + out.checkError();
  }

  /** Returns what became of the work when its client had left. */
  private static CompletableFuture<String> whenTheClientLeaves(
      Container container, String policy, Work work) throws Exception {
    try (Logs logs = Logs.capture()) {
      CompletableFuture<String> result =
          whenTheClientLeaves(
              container,
              app -> app.filter(new SafeAsyncFilter(), Map.of("after-disconnect", policy)),
              work);
      logs.assertQuiet();
      return result;
    }
  }

  private static CompletableFuture<String> whenTheClientLeaves(
      Container container, Consumer<TestApplication> filter, Work work) throws Exception {
    CompletableFuture<String> result = new CompletableFuture<>();
    try (TestServer server =
            container.start(
                app -> {
                  filter.accept(app);
                  app.handler("/work", asynchronously(work, result));
                });
        RawClient client = RawClient.connect(server).get("/work")) {
      assertThat(client.readLine()).startsWith("HTTP/1.1 200");
      client.closeFin();
      Witness.await().atMost(30, SECONDS).until(result::isDone);
    }
    return result;
  }

  @ParameterizedTest
  @EveryContainer
  void throwing_stopsACopyLoop(Container container) throws Exception {
    assertThat(whenTheClientLeaves(container, "throw", AfterDisconnectIT::copy))
        .failsWithin(10, SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(ClientDisconnectedException.class);
  }

  @ParameterizedTest
  @EveryContainer
  void discarding_letsACopyLoopRunOut_G1(Container container) throws Exception {
    assertThat(whenTheClientLeaves(container, "discard", AfterDisconnectIT::copy))
        .succeedsWithin(10, SECONDS)
        .isEqualTo("copied " + (FIRST + MORE));
  }

  @ParameterizedTest
  @EveryContainer
  void printWriter_tellsItByCheckError_G1(Container container) throws Exception {
    for (String policy : new String[] {"throw", "discard"}) {
      assertThat(whenTheClientLeaves(container, policy, AfterDisconnectIT::print))
          .as(policy)
          .succeedsWithin(10, SECONDS)
          .isEqualTo("error false then true");
    }
  }

  private static String copyForEver(ServletResponse response, CountDownLatch gone)
      throws IOException {
    byte[] bytes = new byte[1000];
    while (true) {
      response.getOutputStream().write(bytes);
    }
  }

  private static String printForEver(ServletResponse response, CountDownLatch gone)
      throws IOException {
    PrintWriter out = response.getWriter();
    while (!out.checkError()) {
      out.print("x".repeat(1000));
    }
    return "error";
  }

  /**
   * Tomcat's poller may meet the reset, and give the request away, while a thread writes: that
   * write falls over what has been taken away (AsyncStateMachine.asyncError).
   */
  private static boolean isWrittenToWhileRecycled(
      Container container, CompletableFuture<String> raw) {
    return container.isTomcat()
        && raw.handle((done, failure) -> failure instanceof NullPointerException).join();
  }

  /** With no pause a write may be inside the container at the moment, and fails its way. */
  @ParameterizedTest
  @EveryContainer
  void throwing_stopsAnEndlessCopyLoop_thatIsWriting_asTheContainerDoes_G13(Container container)
      throws Exception {
    try (Logs unwanted = Logs.swallow()) {
      CompletableFuture<String> raw =
          whenTheClientLeaves(container, app -> {}, AfterDisconnectIT::copyForEver);
      if (!isWrittenToWhileRecycled(container, raw)) {
        assertThat(raw)
            .failsWithin(10, SECONDS)
            .withThrowableOfType(ExecutionException.class)
            .withCauseInstanceOf(IOException.class);
      }
    }
    assertThat(whenTheClientLeaves(container, "throw", AfterDisconnectIT::copyForEver))
        .failsWithin(10, SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @EveryContainer
  void printWriter_endsALoopThatAsksIt_asTheContainersDoes_G13(Container container)
      throws Exception {
    try (Logs unwanted = Logs.swallow()) {
      CompletableFuture<String> raw =
          whenTheClientLeaves(container, app -> {}, AfterDisconnectIT::printForEver);
      if (!isWrittenToWhileRecycled(container, raw)) {
        assertThat(raw).succeedsWithin(10, SECONDS).isEqualTo("error");
      }
    }
    for (String policy : new String[] {"throw", "discard"}) {
      assertThat(whenTheClientLeaves(container, policy, AfterDisconnectIT::printForEver))
          .as(policy)
          .succeedsWithin(10, SECONDS)
          .isEqualTo("error");
    }
  }
}
