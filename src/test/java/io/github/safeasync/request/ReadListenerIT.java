package io.github.safeasync.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.request.PartialRequest.Way;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: an application's ReadListener hears of exactly one end of the body, before its
 * AsyncListeners hear of the end of the request, on the raw container and behind the filter.
 */
class ReadListenerIT {

  private static final int LENGTH = 3000;
  private static final int TRIES = Integer.getInteger("safeasync.uploads", 5);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String ALL = "ReadListener.onAllDataRead";
  private static final String ERROR = "ReadListener.onError";
  private static final String ASYNC_ERROR = "AsyncListener.onError";
  private static final String OVERLAPPING = "overlapping";
  private static final String COMPLETE = "AsyncListener.onComplete";

  /** What the listeners of one upload were told, in order. */
  private static final class Told {
    final List<String> events = new CopyOnWriteArrayList<>();
    final AtomicInteger inside = new AtomicInteger();

    void add(String event, Runnable then) {
      if (inside.getAndIncrement() > 0) {
        events.add(OVERLAPPING);
      }
      events.add(event);
      then.run();
      inside.decrementAndGet();
    }

    List<String> ofTheBody() {
      return events.stream().filter(each -> each.startsWith("ReadListener")).toList();
    }

    boolean isOver() {
      return events.contains(COMPLETE);
    }
  }

  private final Map<String, Told> uploads = new ConcurrentHashMap<>();

  private Told upload(String path) {
    return uploads.computeIfAbsent(path, each -> new Told());
  }

  /** Reads as a servlet does that never heard of the library, and completes at either end. */
  private void serve(HttpServletRequest request) throws IOException {
    Told told = upload(request.getRequestURI());
    AsyncContext context = request.startAsync();
    context.setTimeout(60_000);
    context.addListener(
        new DeafListener() {
          @Override
          public void onError(AsyncEvent event) {
            told.add(ASYNC_ERROR, () -> {});
          }

          @Override
          public void onComplete(AsyncEvent event) {
            told.add(COMPLETE, () -> {});
          }
        });
    ServletInputStream body = request.getInputStream();
    body.setReadListener(
        new ReadListener() {
          private final byte[] piece = new byte[1000];
          private int count;

          @Override
          public void onDataAvailable() throws IOException {
            while (body.isReady() && !body.isFinished()) {
              count += Math.max(body.read(piece), 0);
            }
          }

          @Override
          public void onAllDataRead() {
            told.add(ALL + " " + count, context::complete);
          }

          @Override
          public void onError(Throwable failure) {
            told.add(ERROR, () -> Twins.complete(context));
          }
        });
  }

  private interface Judgement {
    void of(String path, Told raw, Told guarded);
  }

  private void compare(
      Container container, Transport transport, List<Way> ways, String body, Judgement judgement)
      throws Exception {
    Map<String, PartialRequest> clients = new LinkedHashMap<>();
    try (TestServer server =
        Twins.start(container, transport, SafeAsyncConfig.defaults(), this::serve)) {
      try {
        for (Way way : ways) {
          for (int i = 0; i < TRIES; i++) {
            for (String twin : Twins.BOTH) {
              String path = twin + "/" + way + "/" + i;
              clients.put(
                  path, PartialRequest.post(server, path, "application/x-data", LENGTH, body));
            }
          }
        }
        for (String path : clients.keySet()) {
          Witness.await().atMost(PATIENCE).until(() -> uploads.containsKey(path));
        }
        for (Map.Entry<String, PartialRequest> each : clients.entrySet()) {
          leave(each.getKey(), each.getValue());
        }
        for (String path : clients.keySet()) {
          if (path.startsWith(Twins.GUARDED)) {
            Witness.await().atMost(PATIENCE).until(upload(path)::isOver);
            String raw = path.replace(Twins.GUARDED, Twins.RAW);
            judgement.of(path, upload(raw), upload(path));
          }
        }
      } finally {
        for (PartialRequest client : clients.values()) {
          client.close();
        }
      }
    }
  }

  private void leave(String path, PartialRequest client) throws Exception {
    Way way = Way.valueOf(path.split("/")[2]);
    try {
      client.leave(way);
    } catch (ClosedChannelException dropped) {
      throw new AssertionError(
          path + ": the server has hung up before its client, and told " + upload(path).events,
          dropped);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void cutUpload_isToldOnceAndFirst_G13(Container container, Transport transport) throws Exception {
    // Of a stream of HTTP/2 that was cut off Undertow tells nothing, or that it is the whole.
    boolean missed = container == Container.UNDERTOW && transport.isHttp2();
    compare(
        container,
        transport,
        Way.of(transport),
        "x".repeat(10),
        (path, raw, guarded) -> {
          if (!missed) {
            Witness.await().atMost(PATIENCE).until(() -> !raw.ofTheBody().isEmpty());
            assertThat(raw.ofTheBody()).as("%s raw", path).containsExactly(ERROR);
          }
          assertThat(guarded.ofTheBody()).as(path).containsExactly(ERROR);
          assertToldFirstAndOnce(container, path, guarded);
          if (raw.events.contains(ASYNC_ERROR)) {
            assertThat(guarded.events).as(path).contains(ASYNC_ERROR);
          }
        });
  }

  /** What has arrived is read to its end, though the client has gone. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12}) // 1.3 sends tickets, unread: FIN becomes RST
  void wholeUpload_isToldOnceAndFirst_G13(Container container, Transport transport)
      throws Exception {
    compare(
        container,
        transport,
        List.of(Way.FIN),
        "x".repeat(LENGTH),
        (path, raw, guarded) -> {
          Witness.await().atMost(PATIENCE).until(() -> !raw.ofTheBody().isEmpty());
          assertThat(raw.ofTheBody()).as("%s raw", path).containsExactly(ALL + " " + LENGTH);
          assertThat(guarded.ofTheBody()).as(path).containsExactly(ALL + " " + LENGTH);
          assertToldFirstAndOnce(container, path, guarded);
        });
  }

  private static void assertToldFirstAndOnce(Container container, String path, Told guarded) {
    List<String> events = new ArrayList<>(guarded.events);
    if (container == Container.UNDERTOW) {
      // complete() has it tell of the completion on another thread, before the caller returns.
      events.remove(OVERLAPPING);
    }
    assertThat(events)
        .as(path)
        .doesNotContain(OVERLAPPING)
        .endsWith(COMPLETE)
        .doesNotHaveDuplicates();
    assertThat(events.get(0)).as(path).startsWith("ReadListener");
  }
}
