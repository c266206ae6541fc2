package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import io.github.safeasync.request.PartialRequest;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.UnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An exception goes through the filter, and an outer filter answers it, as Spring Security's
 * ExceptionTranslationFilter does, or the container keeps it to itself, as Tomcat does with an
 * UnavailableException: no end of the exchange comes from there.
 */
class CaughtExceptionIT {

  /** What the outer filter, or the application's other thread, does about the exception. */
  enum Way {
    STATUS,
    SENT_ERROR,
    FLUSHED,
    SWALLOWED,
    /** Another thread of the application answers later. */
    OTHER_THREAD,
    PASSED_ON,
    UNAVAILABLE
  }

  /** What the client got, by status and body, and what the application's listener was told. */
  record Seen(Map<Way, String> answers, Map<Way, List<String>> told) {}

  private static final class Told implements AsyncListener {
    private final List<String> events;

    Told(List<String> events) {
      this.events = events;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      events.add("onComplete");
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      events.add("onTimeout");
    }

    @Override
    public void onError(AsyncEvent event) {
      events.add("onError " + event.getThrowable());
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      events.add("onStartAsync");
    }
  }

  private final Map<Way, End> ends = new ConcurrentHashMap<>();
  private volatile Exchanges exchanges;

  private static void outer(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      chain.doFilter(request, response);
    } catch (IllegalStateException | ServletException caught) {
      HttpServletResponse answer = (HttpServletResponse) response;
      switch (way(request)) {
        case STATUS -> answer(answer);
        case FLUSHED -> {
          answer.setContentLength("caught".length());
          answer(answer);
          answer.flushBuffer();
        }
        case SENT_ERROR -> answer.sendError(403);
        case SWALLOWED, OTHER_THREAD -> {}
        case PASSED_ON, UNAVAILABLE -> throw caught;
      }
    }
  }

  private static void answer(HttpServletResponse response) throws IOException {
    response.setStatus(418);
    response.getWriter().write("caught");
  }

  private static Way way(ServletRequest request) {
    return Way.valueOf(request.getParameter("way"));
  }

  private static void fail(Way way) throws ServletException {
    if (way == Way.UNAVAILABLE) {
      throw new UnavailableException("not now", 1);
    }
    throw new IllegalStateException("from the servlet");
  }

  private static void startAndFail(HttpServletRequest request, Map<Way, List<String>> told)
      throws ServletException {
    Way way = way(request);
    AsyncContext context = request.startAsync();
    context.setTimeout(way == Way.OTHER_THREAD ? 0 : 1000);
    List<String> events = new CopyOnWriteArrayList<>();
    told.put(way, events);
    context.addListener(new Told(events));
    if (way == Way.OTHER_THREAD) {
      new Thread(() -> answerLater(context)).start();
    }
    fail(way);
  }

  private static void answerLater(AsyncContext context) {
    try {
      Thread.sleep(300);
      context.getResponse().getWriter().write("from the other thread");
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
    context.complete();
  }

  private void takeAndFail(HttpServletRequest request) throws ServletException {
    Way way = way(request);
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    exchanges = Exchange.of(request).exchanges();
    response.onEnd(end -> ends.put(way, end));
    fail(way);
  }

  private Seen ask(
      Container container,
      Transport transport,
      Map<String, String> parameters,
      boolean filtered,
      String path,
      List<Way> ways)
      throws Exception {
    Map<Way, List<String>> told = new ConcurrentHashMap<>();
    Map<Way, PartialRequest> clients = new LinkedHashMap<>();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  app.filter(
                      "outer",
                      CaughtExceptionIT::outer,
                      Map.of(),
                      true,
                      EnumSet.allOf(DispatcherType.class),
                      "/*");
                  if (filtered) {
                    app.filter(new SafeAsyncFilter(), parameters);
                  }
                  // A servlet that is not available answers nothing else.
                  for (String servlet : List.of("", "/unavailable")) {
                    app.handler("/starts" + servlet, (in, out) -> startAndFail(in, told))
                        .handler("/takes" + servlet, (in, out) -> takeAndFail(in))
                        .handler("/fails" + servlet, (in, out) -> fail(way(in)));
                  }
                })) {
      for (Way each : ways) {
        String servlet = each == Way.UNAVAILABLE ? path + "/unavailable" : path;
        clients.put(each, PartialRequest.get(server, servlet + "?way=" + each));
      }
      Seen seen = new Seen(answers(clients), told);
      // A cycle goes on behind its answer, and none of these clients leaves before its end.
      // Undertow tells of what the outer filter's sendError has answered at the timeout only.
      for (List<String> each : told.values()) {
        Witness.await().atMost(Witness.SOON).until(() -> each.contains("onComplete"));
      }
      if (exchanges != null) {
        Witness.await().atMost(Witness.SOON).until(() -> exchanges.size() == 0);
      }
      return seen;
    } finally {
      for (PartialRequest each : clients.values()) {
        each.close();
      }
    }
  }

  private static Map<Way, String> answers(Map<Way, PartialRequest> clients) throws Exception {
    Map<Way, String> answers = new LinkedHashMap<>();
    for (Map.Entry<Way, PartialRequest> each : clients.entrySet()) {
      // An error page is a container's own, and tells the stack by its lines.
      String answer = each.getValue().answer();
      answers.put(each.getKey(), answer.contains("<") ? answer.substring(0, 4) + "page" : answer);
    }
    return answers;
  }

  /** Whatever becomes of the exception, as without the filter: at the timeout, if not before. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void servletThatStartsAndThrows_endsAsWithoutTheFilter_G13(
      Container container, Transport transport) throws Exception {
    List<Way> ways = new ArrayList<>(List.of(Way.values()));
    Seen raw = ask(container, transport, Map.of(), false, "/starts", ways);
    Seen behind = ask(container, transport, Map.of(), true, "/starts", ways);
    assertThat(behind).isEqualTo(raw);
    assertThat(behind.told().get(Way.PASSED_ON))
        .containsExactly("onError java.lang.IllegalStateException: from the servlet", "onComplete");
    assertThat(behind.answers()).containsEntry(Way.OTHER_THREAD, "200 from the other thread");
  }

  /** The response of the library has failed; what the outer filter has answered goes out soon. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void servletThatTakesAndThrows_isAnsweredAsTheOuterFilterSays_G4_G13(
      Container container, Transport transport) throws Exception {
    List<Way> ways = List.of(Way.STATUS, Way.SENT_ERROR, Way.FLUSHED, Way.SWALLOWED, Way.PASSED_ON);
    Seen seen = ask(container, transport, Map.of("timeout", "0"), true, "/takes", ways);
    assertThat(seen.answers().values().stream().map(each -> each.replace(" page", " ").strip()))
        .containsExactly("418 caught", "403", "418 caught", "500", "500");
    Witness.await().atMost(Witness.SOON).until(() -> ends.size() == ways.size());
    assertThat(ends.values()).extracting(End::kind).containsOnly(End.Kind.FAILED);
  }

  /** On Tomcat and Undertow nobody but the library ends it, and Undertow tells no filter of it. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void servletThatTakesAndIsUnavailable_isAnswered_G4_G13(Container container, Transport transport)
      throws Exception {
    Seen seen =
        ask(container, transport, Map.of("timeout", "0"), true, "/takes", List.of(Way.UNAVAILABLE));
    assertThat(seen.answers().get(Way.UNAVAILABLE)).startsWith("503");
    Witness.await().atMost(Witness.SOON).until(() -> ends.size() == 1);
    End end = ends.get(Way.UNAVAILABLE);
    if (container.isJetty()) {
      // It answers and completes by itself, behind all filters.
      assertThat(end.kind()).isEqualTo(End.Kind.COMPLETED);
    } else {
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.cause()).containsInstanceOf(UnavailableException.class);
    }
  }

  /** Nobody has asked for the cycle, so nobody ends it. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void servletThatThrowsWhereAllIsStarted_isAnsweredAsTheOuterFilterSays_G4_G13(
      Container container, Transport transport) throws Exception {
    Seen seen =
        ask(
            container,
            transport,
            Map.of("timeout", "0", "start", "eager"),
            true,
            "/fails",
            List.of(Way.STATUS, Way.SENT_ERROR, Way.SWALLOWED, Way.PASSED_ON, Way.UNAVAILABLE));
    assertThat(seen.answers().values().stream().map(each -> each.replace(" page", " ").strip()))
        .containsExactly("418 caught", "403", "500", "500", "503");
  }
}
