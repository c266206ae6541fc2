package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.request.PartialRequest;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What a listener asks for in onTimeout and onError is done by the thread that calls it, as Jetty
 * lets no other one, even while another thread asks the response something.
 */
class AskedInTimeoutIT {

  private static final int TRIES = 40;

  /** Asks the response again and again, so that it is inside nearly always. */
  private static void ask(HttpServletResponse response, AtomicBoolean over) {
    try {
      while (!over.get()) {
        response.isCommitted();
      }
    } catch (IllegalStateException recycled) {
      // Without the filter.
      over.set(true);
    }
  }

  private record Answering(boolean dispatching, AtomicBoolean over) implements AsyncListener {

    private void answer(AsyncEvent event) throws IOException {
      AsyncContext context = event.getAsyncContext();
      if (dispatching) {
        context.dispatch("/late");
      } else {
        HttpServletResponse response = (HttpServletResponse) event.getSuppliedResponse();
        response.setStatus(503);
        response.getWriter().write("late");
        context.complete();
      }
    }

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {
      answer(event);
    }

    @Override
    public void onError(AsyncEvent event) throws IOException {
      answer(event);
    }

    @Override
    public void onComplete(AsyncEvent event) {
      over.set(true);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private static void start(HttpServletRequest request, HttpServletResponse response) {
    AtomicBoolean over = new AtomicBoolean();
    AsyncContext context = request.startAsync();
    context.setTimeout(200);
    boolean dispatching = request.getParameter("dispatch") != null;
    context.addListener(new Answering(dispatching, over), request, response);
    new Thread(() -> ask(response, over)).start();
    if (request.getParameter("fail") != null) {
      throw new IllegalStateException("from the servlet");
    }
  }

  private static List<String> answers(
      Container container, Transport transport, boolean filtered, String query) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.handler("/start", AskedInTimeoutIT::start)
                      .handler(
                          "/late",
                          (in, out) -> {
                            assertThat(in.getDispatcherType()).isEqualTo(DispatcherType.ASYNC);
                            out.setStatus(503);
                            out.getWriter().write("late");
                          });
                })) {
      List<PartialRequest> clients = new ArrayList<>();
      for (int i = 0; i < TRIES; i++) {
        clients.add(PartialRequest.get(server, "/start?" + query));
      }
      List<String> answers = new ArrayList<>();
      for (PartialRequest each : clients) {
        answers.add(each.answer());
        each.close();
      }
      return answers;
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void completeInTimeout_answersWhileOthersAreInside_G4_G13(
      Container container, Transport transport) throws Exception {
    assertThat(answers(container, transport, true, "")).containsOnly("503 late");
    assertThat(answers(container, transport, false, "")).containsOnly("503 late");
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void dispatchInTimeout_answersWhileOthersAreInside_G4_G13(
      Container container, Transport transport) throws Exception {
    assertThat(answers(container, transport, true, "dispatch=yes")).containsOnly("503 late");
    assertThat(answers(container, transport, false, "dispatch=yes")).containsOnly("503 late");
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void completeInError_answersAsWithoutTheFilter_G4_G13(Container container, Transport transport)
      throws Exception {
    assertThat(answers(container, transport, true, "fail=yes"))
        .isEqualTo(answers(container, transport, false, "fail=yes"));
  }
}
