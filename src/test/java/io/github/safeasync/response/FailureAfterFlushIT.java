package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.logging.Formatter;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An end may come between setWriteListener and the first call of the listener. Undertow, alone,
 * logs an ERROR with a trace then: its I/O thread takes for granted what the completion has not
 * left (ServletOutputStreamImpl.WriteChannelListener.handleEvent).
 */
class FailureAfterFlushIT {

  private static final int TRIES = Integer.getInteger("safeasync.tries", Tries.of(30));

  /** How a response fails right after its first flush. */
  private enum Failure {
    ERROR {
      @Override
      void follow(SafeAsyncResponse response) {
        response.sendError(500);
      }
    },
    CALLBACK {
      @Override
      void follow(SafeAsyncResponse response) {
        Runnable failing =
            () -> {
              throw new IllegalStateException("a callback of the application fails");
            };
        response.guard(failing).run();
      }
    };

    abstract void follow(SafeAsyncResponse response);
  }

  private static void fail(SafeAsyncResponse response, Failure how) {
    response.write("a part");
    response.flush();
    how.follow(response);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void failureRightAfterTheFirstFlush_isNoErrorOfTheContainers_G12(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  app.filter(new SafeAsyncFilter());
                  for (Failure how : Failure.values()) {
                    app.handler("/here/" + how, (in, out) -> fail(SafeAsyncResponse.of(in), how));
                    app.handler(
                        "/elsewhere/" + how,
                        (in, out) -> {
                          SafeAsyncResponse response = SafeAsyncResponse.of(in);
                          new Thread(() -> fail(response, how)).start();
                        });
                  }
                })) {
      for (Failure how : Failure.values()) {
        for (int i = 0; i < TRIES; i++) {
          ask(server, "/here/" + how);
          ask(server, "/elsewhere/" + how);
        }
      }
      assertThat(ofContainer(logs)).isEmpty();
    }
  }

  /** Nothing is sent before the servlet has returned: an error still takes the body's place. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void errorAfterAFlushThatHasSentNothing_isTheAnswer_G2(Container container, Transport transport)
      throws Exception {
    BlockingQueue<End> ends = new LinkedBlockingQueue<>();
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(
                transport,
                app ->
                    app.filter(new SafeAsyncFilter())
                        .handler(
                            "/refused",
                            (in, out) -> {
                              SafeAsyncResponse response = SafeAsyncResponse.of(in);
                              response.onEnd(ends::add);
                              response.contentType("text/csv").contentLength(6).write("a part");
                              response.flush();
                              response.sendError(404);
                            }))) {
      for (int i = 0; i < TRIES; i++) {
        assertThat(ask(server, "/refused")).isEqualTo("404");
        assertThat(ends.poll(10, SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  /** There is nothing to send, and the client stays. */
  private static final class Deaf implements WriteListener {

    @Override
    public void onWritePossible() {}

    @Override
    public void onError(Throwable failure) {}
  }

  /** As a servlet does that finds at once that it has nothing to send. */
  private static void completeAtOnce(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    response.getOutputStream().setWriteListener(new Deaf());
    context.complete();
  }

  private static List<String> completing(
      Container container, Transport transport, Consumer<TestApplication> filters)
      throws Exception {
    try (Logs logs = Logs.swallow()) {
      TreeSet<String> answers = new TreeSet<>();
      try (TestServer server =
          container.start(
              transport,
              app -> {
                filters.accept(app);
                app.handler("/completes", FailureAfterFlushIT::completeAtOnce);
              })) {
        for (int i = 0; i < 2 * TRIES; i++) {
          answers.add(ask(server, "/completes"));
        }
      }
      assertThat(answers).containsExactly("200");
      return ofContainer(logs);
    }
  }

  /** Raw Undertow may log it, which is its own affair. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void completionRightAfterSetWriteListener_isNoErrorOfTheContainers_G13(
      Container container, Transport transport) throws Exception {
    List<String> raw = completing(container, transport, app -> {});
    List<String> guarded =
        completing(container, transport, app -> app.filter(new SafeAsyncFilter()));
    assertThat(guarded).isEmpty();
    if (container != Container.UNDERTOW) {
      assertThat(raw).isEmpty();
    }
  }

  /** Undertow drops the first call at a dispatch: nobody may wait for it in the next cycle. */
  private static void dispatchAtOnce(
      HttpServletRequest request, HttpServletResponse response, BlockingQueue<Boolean> due)
      throws IOException {
    AsyncContext context = request.startAsync();
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      response.getOutputStream().setWriteListener(new Deaf());
      context.dispatch();
      return;
    }
    Exchange exchange = Exchange.of(request);
    due.add(exchange != null && exchange.container().isCallDue());
    context.complete();
  }

  @ParameterizedTest
  @EveryContainer
  void dispatchRightAfterSetWriteListener_leavesNoCallDue_G13(Container container)
      throws Exception {
    BlockingQueue<Boolean> due = new LinkedBlockingQueue<>();
    List<String> answers = new ArrayList<>();
    for (boolean filtered : new boolean[] {false, true}) {
      try (Logs expected = Logs.swallow();
          TestServer server =
              container.start(
                  app -> {
                    if (filtered) {
                      app.filter(new SafeAsyncFilter());
                    }
                    app.handler("/dispatches", (in, out) -> dispatchAtOnce(in, out, due));
                  })) {
        answers.add(ask(server, "/dispatches"));
      }
    }
    assertThat(answers.get(1)).isEqualTo(answers.get(0));
    assertThat(due).isNotEmpty().containsOnly(false);
  }

  private static List<String> ofContainer(Logs logs) {
    Formatter formatter = new SimpleFormatter();
    return logs.aboveInfo().stream()
        .filter(each -> !logs.ofLibrary().contains(each))
        .map(formatter::format)
        .toList();
  }

  /** Returns the status, or what the answer ended with in its place. */
  private static String ask(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        var exchange = client.get(path);
        exchange.awaitEnd();
        return "" + exchange.awaitStatus();
      } catch (Exception cutOff) {
        return cutOff.toString();
      }
    }
    try (RawClient client = RawClient.connect(server).get(path)) {
      return "" + client.readResponse().status();
    } catch (IOException cutOff) {
      return cutOff.toString();
    }
  }
}
