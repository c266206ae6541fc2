package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Departure;
import io.github.safeasync.detection.ServerJvm;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;

/** What the Java agent of OpenTelemetry traces of a request whose client leaves. */
class OpenTelemetryIT {

  private static final Pattern LEFT = Pattern.compile("LEFT (\\S+) (\\d+)");

  /** An error, in the agent's JSON. */
  private static final String ERROR = "\"code\":2";

  private static String traced(Container container) throws Exception {
    String agent =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(each -> each.contains("opentelemetry-javaagent"))
            .findFirst()
            .orElseThrow();
    List<String> options = new ArrayList<>();
    options.add("-javaagent:" + agent);
    options.add("-Dotel.traces.exporter=logging-otlp");
    options.add("-Dotel.metrics.exporter=none");
    options.add("-Dotel.logs.exporter=none");
    options.add("-Dotel.bsp.schedule.delay=100");
    options.add("-XX:TieredStopAtLevel=1");
    options.add("-XX:+UseSerialGC");
    return ServerJvm.run(
        List.of(),
        options,
        System.getProperty("java.class.path"),
        TracedServer.class,
        List.of(container.name()));
  }

  /** The span of the server for a path, in the agent's JSON: that of the path's own attribute. */
  private static String span(String said, String path) {
    return Stream.of(said.split("\"traceId\":"))
        .filter(each -> each.contains("\"kind\":2") && each.contains("\"" + path + "\""))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No span of " + path + " in: " + said));
  }

  private static long endMillis(String span) {
    Matcher end = Pattern.compile("\"endTimeUnixNano\":\"(\\d+)\"").matcher(span);
    assertThat(end.find()).as(span).isTrue();
    return Long.parseLong(end.group(1)) / 1_000_000;
  }

  /** How long after its client had left the span of a path has ended. */
  private static long endsAfter(String said, String path) {
    MatchResult left =
        LEFT.matcher(said)
            .results()
            .filter(each -> each.group(1).equals(path))
            .findFirst()
            .orElseThrow();
    return endMillis(span(said, path)) - Long.parseLong(left.group(2));
  }

  @ParameterizedTest
  @EveryContainer
  void serversSpan_endsWithItsClient_andIsNoError(Container container) throws Exception {
    String said = traced(container);

    assertThat(endsAfter(said, "/raw/pending")).isGreaterThanOrEqualTo(TracedServer.LATE_MILLIS);
    assertThat(span(said, "/raw/pending")).doesNotContain(Departure.ATTRIBUTE, ERROR);
    for (String path : List.of("/behind/pending", "/behind/library")) {
      assertThat(endsAfter(said, path)).as(path).isLessThan(TracedServer.LATE_MILLIS);
      assertThat(span(said, path))
          .contains(Departure.ATTRIBUTE, "FIN noticed by")
          .doesNotContain(ERROR);
    }
    assertThat(span(said, "/behind/answered")).doesNotContain(Departure.ATTRIBUTE, ERROR);
  }
}
