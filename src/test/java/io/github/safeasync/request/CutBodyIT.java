package io.github.safeasync.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;

/** G13: what is missing of a body never reads as its end, behind the filter as without it. */
class CutBodyIT {

  private static final String CUT =
      "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n0123456789";

  private interface Reading {
    Object of(HttpServletRequest request) throws Exception;
  }

  private interface Leaving {
    void of(RawClient client) throws IOException;
  }

  private static final Map<String, Reading> READINGS = new LinkedHashMap<>();

  static {
    READINGS.put("read", request -> request.getInputStream().read());
    READINGS.put("read(byte[])", request -> request.getInputStream().read(new byte[100]));
    READINGS.put("readLine", request -> request.getInputStream().readLine(new byte[100], 0, 100));
    READINGS.put("readAllBytes", request -> request.getInputStream().readAllBytes().length);
    READINGS.put("readNBytes", request -> request.getInputStream().readNBytes(100).length);
    READINGS.put(
        "readNBytes(byte[])",
        request -> request.getInputStream().readNBytes(new byte[100], 0, 100));
    READINGS.put(
        "transferTo",
        request -> request.getInputStream().transferTo(java.io.OutputStream.nullOutputStream()));
  }

  private final BlockingQueue<AsyncContext> started = new LinkedBlockingQueue<>();
  private volatile CountDownLatch told = new CountDownLatch(1);

  private void upload(TestApplication application) {
    application.handler(
        "/upload",
        (in, out) -> {
          // What has arrived; the rest is read later, on another thread.
          // Byte by byte: of ten the JDK asks for none more, and Undertow waits for it.
          for (int i = 0; i < 10; i++) {
            assertThat(in.getInputStream().read()).isEqualTo('0' + i);
          }
          begin(in);
        });
  }

  /** Makes the request asynchronous, and hears whether its client has gone. */
  private void begin(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(
        new DeafListener() {
          @Override
          public void onError(AsyncEvent event) {
            told.countDown();
          }
        });
    started.add(context);
  }

  private AsyncContext next() throws InterruptedException {
    AsyncContext context = started.poll(10, SECONDS);
    assertThat(context).as("a request").isNotNull();
    return context;
  }

  private static String outcome(Reading reading, AsyncContext of) {
    try {
      return "answered " + reading.of((HttpServletRequest) of.getRequest());
    } catch (IOException e) {
      return "IOException";
    } catch (Exception e) {
      return e.toString();
    }
  }

  /** On the raw container one reading each: it notices that the client has gone by that alone. */
  @ParameterizedTest
  @EveryContainer
  void missingBody_throwsWithoutTheFilter(Container container) throws Exception {
    try (Logs unwanted = Logs.swallow();
        TestServer server = container.start(this::upload)) {
      for (Map.Entry<String, Reading> each : READINGS.entrySet()) {
        RawClient.connect(server).send(CUT).closeFin();
        AsyncContext context = next();
        assertThat(outcome(each.getValue(), context)).as(each.getKey()).isEqualTo("IOException");
        try {
          context.complete();
        } catch (IllegalStateException alreadyByTheContainer) {
          assertThat(container.isTomcat()).isTrue();
        }
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void missingBody_throwsAfterAHangUp_G13(Container container) throws Exception {
    assertThrows(container, RawClient::closeFin);
  }

  @ParameterizedTest
  @EveryContainer
  void missingBody_throwsAfterAReset_G13(Container container) throws Exception {
    assertThrows(container, RawClient::closeRst);
  }

  private void assertThrows(Container container, Leaving leaves) throws Exception {
    try (TestServer server =
        container.start(
            application -> {
              application.filter(new SafeAsyncFilter());
              upload(application);
            })) {
      RawClient client = RawClient.connect(server).send(CUT);
      AsyncContext context = next();
      HttpServletRequest request = (HttpServletRequest) context.getRequest();
      leaves.of(client);
      assertThat(told.await(20, SECONDS)).as("told of the departure").isTrue();
      READINGS.forEach(
          (name, reading) ->
              assertThat(outcome(reading, context)).as(name).isEqualTo("IOException"));
      assertThat(request.getInputStream().isFinished()).isFalse();
    }
  }

  /** Reads in the servlet, which has made it asynchronous, what there is of a reset stream. */
  private static String readReset(Container container, boolean filtered, boolean isWhole)
      throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    try (Logs unwanted = Logs.swallow();
        TestServer server =
            container.start(
                Transport.H2C,
                application -> {
                  if (filtered) {
                    application.filter(new SafeAsyncFilter());
                  }
                  application.handler(
                      "/upload",
                      (in, out) -> {
                        AsyncContext context = in.startAsync();
                        started.countDown();
                        await(left);
                        pause(300); // nobody is told on the raw container
                        answer.complete(outcome(READINGS.get("readAllBytes"), context));
                        context.complete();
                      });
                });
        PartialRequest client =
            PartialRequest.post(
                server,
                "/upload",
                "text/plain",
                isWhole ? 10 : PartialRequest.CHUNKED,
                "0123456789")) {
      await(started);
      pause(100); // the end of the stream has come, if it does
      client.leave(PartialRequest.Way.RST_STREAM);
      left.countDown();
      return answer.get(20, SECONDS);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(MILLISECONDS.toNanos(millis));
  }

  /** HTTP/2 announces no length: to Tomcat the end of a reset stream looks like a body's. */
  @ParameterizedTest
  @EveryContainer
  void missingBodyOfAResetStream_throws_G13(Container container) throws Exception {
    assertThat(readReset(container, false, false))
        .isEqualTo(container.isTomcat() ? "answered 10" : "IOException");
    assertThat(readReset(container, true, false)).isEqualTo("IOException");
  }

  @ParameterizedTest
  @EveryContainer
  void wholeBodyOfAResetStream_isRead_G13(Container container) throws Exception {
    String raw = readReset(container, false, true);
    assertThat(readReset(container, true, true)).isIn("answered 10", raw);
  }

  @ParameterizedTest
  @EveryContainer
  void bodyThatWasRead_staysAtItsEndWithoutTheFilter(Container container) throws Exception {
    try (TestServer server = container.start(this::readAll)) {
      HttpServletRequest request = uploadWhole(server);
      assertAtItsEnd(request);
      request.getAsyncContext().complete();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void bodyThatWasRead_staysAtItsEnd_G13(Container container) throws Exception {
    try (TestServer server =
        container.start(
            application -> {
              application.filter(new SafeAsyncFilter());
              readAll(application);
            })) {
      HttpServletRequest request = uploadWhole(server);
      assertThat(told.await(20, SECONDS)).as("told of the departure").isTrue();
      assertAtItsEnd(request);
    }
  }

  private void readAll(TestApplication application) {
    application.handler(
        "/upload",
        (in, out) -> {
          assertThat(in.getInputStream().readAllBytes()).hasSize(10);
          begin(in);
        });
  }

  /** Leaves when all has been read. */
  private HttpServletRequest uploadWhole(TestServer server) throws Exception {
    RawClient client = RawClient.connect(server).send(CUT.replace("100000", "10"));
    HttpServletRequest request = (HttpServletRequest) next().getRequest();
    client.closeFin();
    return request;
  }

  private static void assertAtItsEnd(HttpServletRequest request) throws IOException {
    assertThat(request.getInputStream().read()).isEqualTo(-1);
    assertThat(request.getInputStream().readAllBytes()).isEmpty();
    assertThat(request.getInputStream().isFinished()).isTrue();
  }

  /** How an outer filter has read the body before the application. */
  private enum Outer {
    STREAM,
    READER,
    PARAMETERS,
    PART_OF_STREAM,
    PART_OF_READER
  }

  private static void readFirst(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    switch (outerOf(request)) {
      case STREAM -> assertThat(request.getInputStream().readAllBytes()).hasSize(10);
      case READER -> assertThat(request.getReader().readLine()).hasSize(10);
      case PARAMETERS -> assertThat(request.getParameter("a")).hasSize(8);
      case PART_OF_STREAM -> assertThat(request.getInputStream().readNBytes(4)).hasSize(4);
      case PART_OF_READER -> assertThat(request.getReader().read(new char[4])).isEqualTo(4);
    }
    chain.doFilter(request, response);
  }

  private static Outer outerOf(ServletRequest request) {
    return Outer.valueOf(((HttpServletRequest) request).getRequestURI().split("/")[2]);
  }

  private static String readAfter(HttpServletRequest request) {
    try {
      return switch (outerOf(request)) {
        case READER -> "" + request.getReader().read();
        case PART_OF_READER ->
            request.getReader().readLine() + " " + request.getReader().readLine();
        case STREAM, PARAMETERS, PART_OF_STREAM -> {
          ServletInputStream body = request.getInputStream();
          yield body.read() + " " + body.readAllBytes().length + " " + body.read();
        }
      };
    } catch (IOException | IllegalStateException e) {
      return e.toString();
    }
  }

  private static String form(String path) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
        + "Content-Type: application/x-www-form-urlencoded\r\n\r\na=12345678";
  }

  /** Once the client has gone, which the container alone does not notice. */
  private String readLate(TestServer server, String path, boolean filtered) throws Exception {
    told = new CountDownLatch(1);
    RawClient client = RawClient.connect(server).send(form(path));
    AsyncContext context = next();
    HttpServletRequest request = (HttpServletRequest) context.getRequest();
    client.closeFin();
    if (filtered) {
      assertThat(told.await(20, SECONDS)).as("told of the departure").isTrue();
    }
    String answer = readAfter(request);
    context.complete();
    return answer;
  }

  private Map<String, String> readTwice(Container container, boolean filtered) throws Exception {
    try (TestServer server =
        container.start(
            application -> {
              application.filter(CutBodyIT::readFirst);
              if (filtered) {
                application.filter(new SafeAsyncFilter());
              }
              for (Outer each : Outer.values()) {
                application.handler(
                    "/sync/" + each, (in, out) -> out.getWriter().write(readAfter(in)));
                application.handler(
                    "/async/" + each,
                    (in, out) -> {
                      AsyncContext context = in.startAsync();
                      out.getWriter().write(readAfter(in));
                      context.complete();
                    });
                application.handler("/late/" + each, (in, out) -> begin(in));
              }
            })) {
      Map<String, String> answers = new LinkedHashMap<>();
      for (Outer each : Outer.values()) {
        for (String path : List.of("/sync/" + each, "/async/" + each)) {
          try (RawClient client = RawClient.connect(server)) {
            client.send(form(path));
            answers.put(path, client.readResponse().body());
          }
        }
        answers.put("/late/" + each, readLate(server, "/late/" + each, filtered));
      }
      return answers;
    }
  }

  /** Nothing is missing of what somebody else has read. */
  @ParameterizedTest
  @EveryContainer
  void bodyThatAnOuterFilterHasRead_isAtItsEnd_G13(Container container) throws Exception {
    Map<String, String> raw = readTwice(container, false);
    assertThat(readTwice(container, true)).isEqualTo(raw);
    assertThat(raw)
        .containsEntry("/sync/STREAM", "-1 0 -1")
        .containsEntry("/async/READER", "-1")
        .containsEntry("/async/PART_OF_STREAM", "51 5 -1")
        .containsEntry("/sync/PART_OF_READER", "345678 null");
  }
}
