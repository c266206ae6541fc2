package io.github.safeasync.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** An application and its clients see the same with the filter as without it. */
class CompatibilityIT {

  private static final int CLIENTS = 8;
  private static final Duration QUIET = Duration.ofMillis(300);

  /**
   * What every filter that wraps request and response changes: Jetty's default servlet sends
   * another 416, Undertow ends a forward without a length.
   */
  private static final Filter WRAPPING =
      (in, out, chain) ->
          chain.doFilter(
              new HttpServletRequestWrapper((HttpServletRequest) in),
              new HttpServletResponseWrapper((HttpServletResponse) out));

  /**
   * Where the library tells what the specification says, and Undertow does not: it tells listeners
   * of a cycle that a dispatch has ended of the next one's completion, and only then of its start;
   * and it takes a complete() after a dispatch() for the end, then dispatches all the same.
   */
  private static final Set<String> UNDERTOWS_OWN = Set.of("listeners", "complete-after-dispatch");

  /** What each container does without the filter. */
  private static final Map<Container, Map<String, String>> WITHOUT = new EnumMap<>(Container.class);

  @TempDir static Path files;

  @BeforeAll
  static void writeFiles() throws IOException {
    Path folder = Files.createDirectory(files.resolve("static"));
    Files.writeString(folder.resolve("file.txt"), "the content of a file");
    Files.write(folder.resolve("large.bin"), new byte[500_000]);
  }

  /** All scenarios, new. */
  private static List<Scenario> scenarios() {
    List<Scenario> all = new ArrayList<>();
    all.addAll(RequestScenarios.all());
    all.addAll(ResponseScenarios.all());
    all.addAll(DispatchScenarios.all());
    all.addAll(AsyncScenarios.all());
    all.add(staticFile());
    return all;
  }

  private static Scenario staticFile() {
    Scenario it = new Scenario("static");
    return it.gets("/file.txt")
        .asks("GET /static/file.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=2-5\r\n\r\n")
        .asks("GET /static/file.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=900000-\r\n\r\n")
        .gets("/none.txt")
        .plays(
            client ->
                it.hears(
                    client
                        .send("HEAD /static/file.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        .readHead()))
        .gets("/large.bin");
  }

  /**
   * Returns what each scenario has seen; the filter is mapped unless there are no types. All are
   * deployed, as one's error pages are another's as well.
   */
  private Map<String, String> play(
      Container container, Filter filter, Set<DispatcherType> types, Predicate<Scenario> played)
      throws Exception {
    List<Scenario> scenarios = scenarios();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (Logs unwanted = Logs.swallow();
        TestServer server =
            container.start(
                app -> {
                  app.files(files);
                  scenarios.forEach(each -> each.deployOutside(app));
                  if (!types.isEmpty()) {
                    app.filter("safe-async", filter, Map.of(), true, types, "/*");
                  }
                  scenarios.forEach(each -> each.deployInside(app));
                })) {
      List<Callable<Scenario>> plays = new ArrayList<>();
      scenarios.stream().filter(played).forEach(each -> plays.add(() -> each.play(server)));
      for (Future<Scenario> play : clients.invokeAll(plays)) {
        play.get();
      }
      // A completion may be told after the response has come.
      AtomicReference<Map<String, String>> seen = new AtomicReference<>();
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(QUIET)
          .until(
              () -> {
                Map<String, String> now = seen(scenarios, server);
                return now.equals(seen.getAndSet(now));
              });
      return seen.get();
    } finally {
      clients.shutdownNow();
    }
  }

  private static Map<String, String> seen(List<Scenario> scenarios, TestServer server) {
    Map<String, String> seen = new TreeMap<>();
    scenarios.forEach(each -> seen.put(each.name(), each.seen(server)));
    return seen;
  }

  private void compare(Container container, Set<DispatcherType> types) throws Exception {
    if (!WITHOUT.containsKey(container)) {
      WITHOUT.put(container, play(container, WRAPPING, Set.of(), every -> true));
    }
    Map<String, String> without = WITHOUT.get(container);
    Map<String, String> with = play(container, new SafeAsyncFilter(), types, every -> true);
    // Only a guarded request hides the library's attribute.
    with.replaceAll((name, seen) -> seen.replace("io.github.safeasync.exchange, ", ""));
    Set<String> changed = new TreeSet<>(without.keySet());
    changed.removeIf(name -> with.get(name).equals(without.get(name)));
    if (container == Container.UNDERTOW) {
      changed.removeAll(UNDERTOWS_OWN);
    }
    StringBuilder differences = new StringBuilder();
    if (!changed.isEmpty()) {
      Map<String, String> wrapped =
          play(container, WRAPPING, types, each -> changed.contains(each.name()));
      for (String name : changed) {
        if (!with.get(name).equals(wrapped.get(name))) {
          differences.append("\n=== ").append(name).append('\n');
          differences.append(Difference.of(without.get(name), with.get(name)));
        }
      }
    }
    assertThat(differences.toString())
        .as("differences on %s with the filter mapped to %s", container, types)
        .isEmpty();
    assertThat(without).hasSizeGreaterThan(50);
  }

  @ParameterizedTest
  @EveryContainer
  void mappedToAllDispatches_changesNothing(Container container) throws Exception {
    compare(container, EnumSet.allOf(DispatcherType.class));
  }

  @ParameterizedTest
  @EveryContainer
  void mappedToRequestsAndAsyncDispatches_changesNothing(Container container) throws Exception {
    compare(container, EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC));
  }

  @ParameterizedTest
  @EveryContainer
  void mappedToRequestsAlone_changesNothing(Container container) throws Exception {
    compare(container, EnumSet.of(DispatcherType.REQUEST));
  }
}
