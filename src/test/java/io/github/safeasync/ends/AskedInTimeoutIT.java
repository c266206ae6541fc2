package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
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

  private static List<String> answers(Container container, boolean filtered, String query)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
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
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < TRIES; i++) {
        clients.add(RawClient.connect(server).get("/start?" + query));
      }
      List<String> answers = new ArrayList<>();
      for (RawClient each : clients) {
        RawResponse response = each.readResponse();
        answers.add(response.status() + " " + response.body());
        each.close();
      }
      return answers;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void completeInTimeout_answersWhileOthersAreInside_G4_G13(Container container) throws Exception {
    assertThat(answers(container, true, "")).containsOnly("503 late");
    assertThat(answers(container, false, "")).containsOnly("503 late");
  }

  @ParameterizedTest
  @EveryContainer
  void dispatchInTimeout_answersWhileOthersAreInside_G4_G13(Container container) throws Exception {
    assertThat(answers(container, true, "dispatch=yes")).containsOnly("503 late");
    assertThat(answers(container, false, "dispatch=yes")).containsOnly("503 late");
  }

  @ParameterizedTest
  @EveryContainer
  void completeInError_answersAsWithoutTheFilter_G4_G13(Container container) throws Exception {
    assertThat(answers(container, true, "fail=yes"))
        .isEqualTo(answers(container, false, "fail=yes"));
  }
}
