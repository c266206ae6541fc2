package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.EventListener;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;

/** What the AsyncListeners of a servlet that never heard of the library are told, and when. */
class AsyncListenersIT {

  /** Writes down what it is told, under its name. */
  private class Recorder implements AsyncListener {
    private final String name;

    Recorder(String name) {
      this.name = name;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      told("onComplete", event);
    }

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {
      told("onTimeout", event);
    }

    @Override
    public void onError(AsyncEvent event) {
      told("onError", event);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      told("onStartAsync", event);
    }

    private void told(String what, AsyncEvent event) {
      HttpServletRequest request = (HttpServletRequest) event.getSuppliedRequest();
      if (waits) {
        ServletRequest own = Site.unguarded(request);
        awaitAtMost(Duration.ofMillis(500), () -> isGivenAway(own));
      }
      seen.add(request.getMethod() + " " + request.getRequestURI());
      seen.add("attribute " + request.getAttribute("mine"));
      boolean named = Collections.list(request.getAttributeNames()).contains("mine");
      seen.add("attribute " + (named ? "named" : "not named"));
      ((HttpServletResponse) event.getSuppliedResponse()).getStatus();
      heard.add(name + "." + what);
      if (event.getThrowable() != null) {
        failures.add(event.getThrowable());
      }
    }
  }

  /** Whether the listeners wait until the container has given the request away, for a while. */
  private volatile boolean waits;

  private volatile Thread writing;
  private final CountDownLatch release = new CountDownLatch(1);
  private final BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  private Site start(Container container, Transport transport) throws Exception {
    return start(container, transport, SafeAsyncConfig.defaults());
  }

  private Site start(
      Container container, Transport transport, SafeAsyncConfig config, EventListener... more)
      throws Exception {
    return Site.start(
        container,
        transport,
        config,
        application -> {
          List.of(more).forEach(application::listener);
          application.handler(
              "/slow",
              (in, out) -> {
                in.setAttribute("mine", "kept");
                AsyncContext context = in.startAsync();
                context.setTimeout(0);
                context.addListener(new Recorder("first"));
                context.addListener(new Recorder("second"), in, out);
                pending.add(context);
                if (in.getParameter("inside") != null) {
                  awaitRelease();
                }
              });
        });
  }

  private void awaitRelease() throws IOException {
    try {
      if (!release.await(10, SECONDS)) {
        throw new IOException("The test did not release the servlet");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private AsyncContext next() throws InterruptedException {
    AsyncContext context = pending.poll(10, SECONDS);
    assertThat(context).isNotNull();
    return context;
  }

  private void heardOfTheHangUp() {
    await().atMost(Duration.ofSeconds(10)).until(() -> heard.contains("second.onComplete"));
    assertThat(heard)
        .containsExactly(
            "first.onError", "second.onError", "first.onComplete", "second.onComplete");
    assertThat(failures).hasSize(2).allMatch(ClientDisconnectedException.class::isInstance);
    assertThat(seen).containsOnly("GET /slow", "attribute kept", "attribute named");
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void hangUp_tellsErrorThenCompletion_onceEachInOrder_G2_G6(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport)) {
      RawClient client = RawClient.connect(site.server()).get("/slow");
      AsyncContext context = next();
      client.closeFin();
      heardOfTheHangUp();
      assertThatThrownBy(() -> context.getResponse().getOutputStream().print("late"))
          .isInstanceOf(ClientDisconnectedException.class);
      assertThatThrownBy(() -> context.getResponse().flushBuffer())
          .isInstanceOf(ClientDisconnectedException.class);
      context.complete();
      context.dispatch();
      context.addListener(new Recorder("late"));
      await().until(() -> heard.contains("late.onComplete"));
      assertThat(heard).hasSize(6);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C})
  void http2Reset_tellsErrorThenCompletion_onceEachInOrder_G2_G6(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/slow");
      next();
      exchange.reset();
      heardOfTheHangUp();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writesUntilTheFailure_tellErrorThenCompletion_onceEach_G2(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN)) {
      RawClient client = RawClient.connect(site.server()).get("/slow");
      AsyncContext context = next();
      client.closeRst();
      for (int i = 0; i < 10_000 && heard.isEmpty(); i++) {
        try {
          context.getResponse().getOutputStream().write(new byte[100]);
          context.getResponse().flushBuffer();
        } catch (IOException containersOwn) {
          // Once, as without the library.
        }
      }
      heardOfTheHangUp();
      logs.assertQuiet();
    }
  }

  /**
   * The write is the first to notice, while the servlet is inside. Its thread then ends Undertow's
   * exchange, which clears the attributes, before the writing thread tells the listeners: in that
   * moment Undertow calls a ServletRequestListener, which lets the servlet go.
   */
  @ParameterizedTest
  @EveryContainer
  void requestIsClearedBeforeListenersAreTold_theySeeItAsItWas_G13(Container container)
      throws Exception {
    ServletRequestListener letsGo =
        new ServletRequestListener() {
          @Override
          public void requestInitialized(ServletRequestEvent event) {
            if (Thread.currentThread() == writing) {
              release.countDown();
              ServletRequest own = Site.unguarded(event.getServletRequest());
              awaitAtMost(Duration.ofSeconds(5), () -> own.getAttribute("mine") == null);
            }
          }
        };
    SafeAsyncConfig late = SafeAsyncConfig.builder().detectAfter(Duration.ofSeconds(60)).build();
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN, late, letsGo)) {
      RawClient client = RawClient.connect(site.server()).get("/slow?inside=yes");
      AsyncContext context = next();
      writing = Thread.currentThread();
      client.closeRst();
      await().pollInSameThread().until(() -> failsToWrite(context));
      release.countDown();
      heardOfTheHangUp();
      logs.assertQuiet();
    }
  }

  /**
   * The library tells the listeners of a failing write, and the container goes on meanwhile:
   * Tomcat's own thread has given the request to another before the first of them asks.
   */
  @ParameterizedTest
  @EveryContainer
  void containerGoesOnWhileListenersAreTold_theySeeTheRequestAsItWas_G3_G13(Container container)
      throws Exception {
    waits = true;
    SafeAsyncConfig late = SafeAsyncConfig.builder().detectAfter(Duration.ofSeconds(60)).build();
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN, late)) {
      RawClient client = RawClient.connect(site.server()).get("/slow");
      AsyncContext context = next();
      client.closeRst();
      await().until(() -> failsToWrite(context));
      heardOfTheHangUp();
      logs.assertQuiet();
    }
  }

  /** Whether the container has given the request away. */
  private static boolean isGivenAway(ServletRequest own) {
    try {
      return own.getAttribute("mine") == null;
    } catch (IllegalStateException | NullPointerException givenAway) {
      return true;
    }
  }

  private static void awaitAtMost(Duration most, BooleanSupplier met) {
    long deadline = System.nanoTime() + most.toNanos();
    while (!met.getAsBoolean() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writeFailsWhileTheServletIsInside_tellsOnceItIsOut_G2(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN)) {
      RawClient client = RawClient.connect(site.server()).get("/slow?inside=yes");
      AsyncContext context = next();
      client.closeRst();
      Exchange exchange = Exchange.of(context.getRequest());
      await().until(() -> !exchange.isLive() || failsToWrite(context));
      assertThat(heard).isEmpty();
      release.countDown();
      heardOfTheHangUp();
      logs.assertQuiet();
    }
  }

  private static boolean failsToWrite(AsyncContext context) {
    try {
      context.getResponse().getOutputStream().write(new byte[100]);
      context.getResponse().flushBuffer();
      return false;
    } catch (IOException containersOwn) {
      return true;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void complete_tellsCompletionOnce_andTheResponseComesWhole_G4(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN);
        RawClient client = RawClient.connect(site.server())) {
      for (int i = 0; i < 3; i++) {
        heard.clear();
        client.get("/slow");
        AsyncContext context = next();
        context.getResponse().getWriter().print("whole");
        context.complete();
        context.complete();
        RawResponse response = client.readResponse();
        assertThat(response.body()).isEqualTo("whole");
        await().until(() -> heard.contains("second.onComplete"));
        assertThat(heard).containsExactly("first.onComplete", "second.onComplete");
      }
      assertThat(seen).containsOnly("GET /slow", "attribute kept", "attribute named");
      logs.assertQuiet();
    }
  }

  /** With its last byte the HTTP/2 stream closes, on Undertow as if it had been reset. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void responseClosedLongBeforeComplete_isNoHangUp_G7(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport)) {
      if (transport.isHttp2()) {
        try (Http2Client client = Http2Client.connect(site.server())) {
          Http2Exchange exchange = client.get("/slow");
          AsyncContext context = closed("whole");
          assertThat(exchange.awaitBody()).isEqualTo("whole");
          completesUnharmed(context);
        }
      } else {
        try (RawClient client = RawClient.connect(site.server()).get("/slow")) {
          AsyncContext context = closed("whole");
          assertThat(client.readResponse().body()).isEqualTo("whole");
          completesUnharmed(context);
        }
      }
      logs.assertQuiet();
    }
  }

  private AsyncContext closed(String text) throws Exception {
    AsyncContext context = next();
    context.getResponse().getOutputStream().print(text);
    context.getResponse().getOutputStream().close();
    return context;
  }

  private void completesUnharmed(AsyncContext context) {
    await().during(Duration.ofMillis(150)).until(heard::isEmpty);
    context.complete();
    await().until(() -> heard.contains("second.onComplete"));
    assertThat(heard).containsExactly("first.onComplete", "second.onComplete");
  }

  @ParameterizedTest
  @EveryContainer
  void containersTimeout_isTheListenersToAnswer(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                application ->
                    application.handler(
                        "/slow",
                        (in, out) -> {
                          AsyncContext context = in.startAsync();
                          context.setTimeout(50);
                          context.addListener(
                              new Recorder("answering") {
                                @Override
                                public void onTimeout(AsyncEvent event) throws IOException {
                                  super.onTimeout(event);
                                  ((HttpServletResponse) event.getSuppliedResponse())
                                      .setStatus(504);
                                  event.getSuppliedResponse().getWriter().print("too late");
                                  event.getAsyncContext().complete();
                                }
                              });
                        }));
        RawClient client = RawClient.connect(site.server())) {
      RawResponse response = client.get("/slow").readResponse();
      assertThat(response.status()).isEqualTo(504);
      assertThat(response.body()).isEqualTo("too late");
      await().until(() -> heard.contains("answering.onComplete"));
      assertThat(heard).containsExactly("answering.onTimeout", "answering.onComplete");
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void containersTimeout_unanswered_isAnsweredAsWithoutTheLibrary(Container container)
      throws Exception {
    try (Logs expected = Logs.swallow();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                application ->
                    application
                        .handler("/slow", (in, out) -> pending.add(timingOut(in)))
                        .handler(
                            "/raw", (in, out) -> pending.add(timingOut(Site.unguarded(in)))))) {
      String raw = answer(site, "/raw");
      next();
      await().until(() -> heard.contains("silent.onComplete"));
      List<String> rawHeard = List.copyOf(heard);
      heard.clear();

      assertThat(answer(site, "/slow")).isEqualTo(raw);
      AsyncContext context = next();
      await().until(() -> heard.contains("silent.onComplete"));
      assertThat(heard).isEqualTo(rawHeard);
      context.getResponse().getWriter().print("late");
      context.complete();
      assertThat(answer(site, "/plain")).isEqualTo("200 plain");
    }
  }

  private AsyncContext timingOut(ServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(50);
    context.addListener(new Recorder("silent"));
    return context;
  }

  private static String answer(Site site, String path) throws IOException {
    try (RawClient client = RawClient.connect(site.server())) {
      RawResponse response = client.get(path).readResponse();
      return response.status() + (response.status() == 200 ? " " + response.body() : "");
    } catch (EOFException closed) {
      return "closed";
    }
  }
}
