package io.github.safeasync.libraries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.OpenExchanges;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.LogRecord;

/**
 * An application on a container, either alone or with the filter mapped to it and nothing else
 * done; and all that is logged meanwhile.
 */
final class Deployment implements AutoCloseable {

  /** Generous: what takes milliseconds may take longer on a machine that does other things. */
  static final Duration SOON = Duration.ofSeconds(20);

  /** Whether the filter is mapped. */
  enum Kind {
    RAW,
    FILTERED
  }

  private final Logs logs = Logs.swallow();
  private final OpenExchanges exchanges = new OpenExchanges();
  private final AtomicInteger inside = new AtomicInteger();
  private final TestServer server;

  private Deployment(
      Kind kind, Container container, Transport transport, Consumer<TestApplication> application)
      throws Exception {
    try {
      server =
          container.start(
              transport,
              app -> {
                if (kind == Kind.FILTERED) {
                  app.filter(new SafeAsyncFilter());
                }
                app.filter(exchanges);
                app.filter(this::count);
                application.accept(app);
              });
    } catch (Exception failure) {
      logs.close();
      throw failure;
    }
    logs.clear();
  }

  static Deployment start(Kind kind, Container container, Consumer<TestApplication> application)
      throws Exception {
    return start(kind, container, Transport.PLAIN, application);
  }

  static Deployment start(
      Kind kind, Container container, Transport transport, Consumer<TestApplication> application)
      throws Exception {
    return new Deployment(kind, container, transport, application);
  }

  TestServer server() {
    return server;
  }

  RawClient connect() throws IOException {
    return RawClient.connect(server);
  }

  private void count(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    inside.incrementAndGet();
    try {
      chain.doFilter(request, response);
    } finally {
      inside.decrementAndGet();
    }
  }

  /**
   * What a client has read may still be being written by a servlet, beside whom nobody may write.
   */
  void awaitServletsOut() {
    await().atMost(SOON).until(() -> inside.get() == 0);
  }

  /** Nothing of what has been served is kept open by the library. */
  void awaitNoExchange() {
    awaitExchanges(0);
  }

  /** Waits until as many exchanges are open as clients are there. */
  void awaitExchanges(int count) {
    await().atMost(SOON).untilAsserted(() -> assertThat(exchanges.count()).isEqualTo(count));
  }

  /** How many connections the client has closed and the server has not (CLOSE_WAIT). */
  long halfClosed() throws IOException {
    String local = String.format(Locale.ROOT, ":%04X", server.port());
    long count = 0;
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String row : Files.readAllLines(Path.of(table))) {
        String[] columns = row.strip().split(" +");
        if (columns[1].endsWith(local) && columns[3].equals("08")) {
          count++;
        }
      }
    }
    return count;
  }

  /** The server has closed what its clients have closed. */
  void awaitNoneHalfClosed() {
    await().atMost(SOON).untilAsserted(() -> assertThat(halfClosed()).isZero());
  }

  /** The kinds of warnings and errors so far, with what differs from client to client left out. */
  Set<String> complaints() {
    Set<String> kinds = new TreeSet<>();
    for (LogRecord each : logs.aboveInfo()) {
      String about = each.getThrown() == null ? "" : " " + each.getThrown().getClass().getName();
      kinds.add(each.getLevel() + " " + each.getLoggerName() + about);
    }
    return kinds;
  }

  @Override
  public void close() throws Exception {
    try {
      server.close();
    } finally {
      logs.close();
    }
  }
}
