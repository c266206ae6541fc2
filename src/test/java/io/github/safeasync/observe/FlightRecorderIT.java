package io.github.safeasync.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** What the JDK's Flight Recorder is told, read back from its file. */
class FlightRecorderIT {

  private static final int LARGE = 64 << 20;

  private final LinkedBlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();
  private final SafeAsyncFilter filter = new SafeAsyncFilter();
  @TempDir private Path directory;

  private SafeAsyncResponse taken() throws InterruptedException {
    SafeAsyncResponse response = taken.poll(20, SECONDS);
    assertThat(response).isNotNull();
    return response;
  }

  @ParameterizedTest
  @EveryContainer
  void endsAndStalledWrites_areRecorded_andReadByJfrPrint(Container container) throws Exception {
    Path file = directory.resolve("recording.jfr");
    try (Logs logs = Logs.swallow();
        Recording recording = new Recording();
        TestServer server =
            container.start(
                app ->
                    app.filter(filter, Map.of("write-timeout", "200ms", "pending-limit", "128MB"))
                        .handler("/*", (request, x) -> taken.add(SafeAsyncResponse.of(request))))) {
      recording.start();
      leave(server);
      answer(server);
      stall(server);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(filter.stats().open()).isZero());
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    List<RecordedEvent> ends = of(events, "io.github.safeasync.ExchangeEnd");
    assertThat(ends)
        .extracting(each -> each.getString("path") + " " + each.getString("end"))
        .containsExactlyInAnyOrder("/left DISCONNECTED", "/answered COMPLETED", "/stalled FAILED");
    for (RecordedEvent each : ends) {
      boolean left = each.getString("path").equals("/left");
      assertThat(each.getString("method")).isEqualTo("GET");
      assertThat(each.getString("evidence")).isEqualTo(left ? "FIN" : null);
      assertThat(each.getDuration("age")).isPositive();
      assertThat(each.getDuration("detection").isNegative()).isEqualTo(!left);
      if (each.getString("path").equals("/answered")) {
        assertThat(each.getLong("sent")).isEqualTo("answer".length());
      }
    }
    List<RecordedEvent> stalls = of(events, "io.github.safeasync.WriteStalled");
    assertThat(stalls).extracting(each -> each.getString("path")).containsExactly("/stalled");
    assertThat(stalls.get(0).getLong("pending")).isPositive();
    assertThat(printed(file)).contains("path = \"/left\"", "evidence = \"FIN\"");
  }

  private void leave(TestServer server) throws Exception {
    RawClient client = RawClient.connect(server).get("/left?secret=1");
    SafeAsyncResponse unused = taken();
    client.closeFin();
  }

  private void answer(TestServer server) throws Exception {
    try (RawClient client = RawClient.connect(server).get("/answered")) {
      taken().finish("answer");
      assertThat(client.readResponse().body()).isEqualTo("answer");
    }
  }

  private void stall(TestServer server) throws Exception {
    try (RawClient client = RawClient.connect(server).get("/stalled")) {
      SafeAsyncResponse response = taken();
      response.finish(new byte[LARGE]);
      response.end().toCompletableFuture().get(20, SECONDS);
    }
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String type) {
    return events.stream().filter(each -> each.getEventType().getName().equals(type)).toList();
  }

  /** As the documents say it. */
  private static String printed(Path file) throws Exception {
    Path jfr = Path.of(System.getProperty("java.home"), "bin", "jfr");
    Process process =
        new ProcessBuilder(jfr.toString(), "print", "--events", "ExchangeEnd", file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
