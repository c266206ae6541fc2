package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A reset that the container itself is the first to meet, in a read or write that is waiting.
 * Undertow closes the connection and may tell no listener of it; behind the filter each is told.
 */
class ResetFirstIT {

  private static final int TRIES = 8;

  /** What waits for the client when it resets its connection. */
  enum Way {
    BLOCKING_READ,
    PARAMETERS,
    PARTS,
    READ_LISTENER,
    WRITE_LISTENER
  }

  /** What the listeners of one request heard. */
  private static final class Heard extends DeafListener {
    private final List<String> events = new CopyOnWriteArrayList<>();
    private final CountDownLatch waiting = new CountDownLatch(1);

    @Override
    public void onError(AsyncEvent event) {
      events.add("AsyncListener.onError");
    }

    @Override
    public void onComplete(AsyncEvent event) {
      events.add("onComplete");
    }
  }

  /** Reads what is there. */
  private record Reading(ServletInputStream in, Heard heard) implements ReadListener {
    @Override
    public void onDataAvailable() throws IOException {
      while (in.isReady() && in.read() >= 0) {
        heard.waiting.countDown();
      }
    }

    @Override
    public void onAllDataRead() {
      heard.events.add("onAllDataRead");
    }

    @Override
    public void onError(Throwable failure) {
      heard.events.add("ReadListener.onError");
    }
  }

  /** Writes until the client takes no more. */
  private record Writing(ServletOutputStream out, Heard heard) implements WriteListener {
    @Override
    public void onWritePossible() throws IOException {
      while (out.isReady()) {
        out.write(new byte[10_000]);
      }
      heard.waiting.countDown();
    }

    @Override
    public void onError(Throwable failure) {
      heard.events.add("WriteListener.onError");
    }
  }

  private final List<Heard> all = new CopyOnWriteArrayList<>();

  private Handler handler(Way way) {
    return (request, response) -> {
      AsyncContext context = request.startAsync();
      context.setTimeout(0);
      Heard heard = new Heard();
      context.addListener(heard);
      all.add(heard);
      wait(way, request, response, heard);
    };
  }

  private static void wait(
      Way way, HttpServletRequest request, HttpServletResponse response, Heard heard)
      throws IOException {
    switch (way) {
      case BLOCKING_READ -> {
        ServletInputStream in = request.getInputStream();
        new Thread(() -> read(in, heard)).start();
      }
      case PARAMETERS ->
          new Thread(() -> readAtOnce(() -> request.getParameter("a"), heard)).start();
      case PARTS -> new Thread(() -> readAtOnce(request::getParts, heard)).start();
      case READ_LISTENER ->
          request.getInputStream().setReadListener(new Reading(request.getInputStream(), heard));
      case WRITE_LISTENER ->
          response
              .getOutputStream()
              .setWriteListener(new Writing(response.getOutputStream(), heard));
    }
  }

  private static void read(ServletInputStream in, Heard heard) {
    try {
      int read = in.read();
      heard.waiting.countDown();
      while (read >= 0) {
        read = in.read();
      }
      heard.events.add("end of the body");
    } catch (IOException | RuntimeException e) {
      heard.events.add("the read throws");
    }
  }

  private static void readAtOnce(Callable<?> all, Heard heard) {
    try {
      heard.waiting.countDown();
      heard.events.add("read " + all.call());
    } catch (Exception e) {
      heard.events.add("the read throws");
    }
  }

  private List<List<String>> heard(Container container, boolean filtered, Way way)
      throws Exception {
    all.clear();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app -> {
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.multipart("/waits", handler(way));
                })) {
      for (int i = 0; i < TRIES; i++) {
        resetWhileItWaits(server, way, i);
      }
      if (filtered) {
        Witness.await()
            .atMost(Witness.SOON)
            .untilAsserted(
                () ->
                    assertThat(all)
                        .allSatisfy(each -> assertThat(each.events).hasSize(told(way).size())));
      } else {
        // What is told is told at once.
        TimeUnit.MILLISECONDS.sleep(300);
      }
    }
    List<List<String>> events = new ArrayList<>();
    all.forEach(each -> events.add(each.events.stream().sorted().toList()));
    return events;
  }

  /** Sorted: who is told first is not the same on all containers. */
  private static List<String> told(Way way) {
    return switch (way) {
      case BLOCKING_READ, PARAMETERS, PARTS ->
          List.of("AsyncListener.onError", "onComplete", "the read throws");
      case READ_LISTENER -> List.of("AsyncListener.onError", "ReadListener.onError", "onComplete");
      case WRITE_LISTENER ->
          List.of("AsyncListener.onError", "WriteListener.onError", "onComplete");
    };
  }

  /** Every second one before the connection is watched. */
  private void resetWhileItWaits(TestServer server, Way way, int i) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      if (way == Way.WRITE_LISTENER) {
        client.get("/waits");
      } else {
        client.send(
            "POST /waits HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
                + "Content-Type: "
                + (way == Way.PARTS
                    ? "multipart/form-data; boundary=x"
                    : "application/x-www-form-urlencoded")
                + "\r\n\r\n"
                + (way == Way.PARTS
                    ? "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nsome"
                    : "a=some"));
      }
      Witness.await().atMost(Witness.SOON).until(() -> all.size() == i + 1);
      assertThat(all.get(i).waiting.await(10, TimeUnit.SECONDS)).isTrue();
      TimeUnit.MILLISECONDS.sleep(i % 2 * 100);
      client.closeRst();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void resetThatTheContainerMeetsFirst_isToldToEachListener_G6_G13(Container container)
      throws Exception {
    for (Way way : Way.values()) {
      long raw = heard(container, false, way).stream().filter(told(way)::equals).count();
      List<List<String>> guarded = heard(container, true, way);
      System.out.printf(
          "%s %s: of %d resets all was told of %d raw, of %d with the filter%n",
          container, way, TRIES, raw, guarded.stream().filter(told(way)::equals).count());
      assertThat(guarded).as("%s", way).hasSize(TRIES).containsOnly(told(way));
    }
  }
}
