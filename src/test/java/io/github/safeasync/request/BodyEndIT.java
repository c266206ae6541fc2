package io.github.safeasync.request;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.detection.RefusalsIT;
import io.github.safeasync.detection.ServerJvm;
import io.github.safeasync.request.CutUploadIT.Reading;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G6: where nothing but what can be read says that a client has left, as on macOS and Windows, the
 * end of the body is noticed by whatever method it was read.
 */
class BodyEndIT {

  private static final String FORM = "a=1&b=2345";

  @ParameterizedTest
  @EveryContainer
  void noTable_theEndOfABodyIsNoticed_howeverItIsRead_G6(Container container) throws Exception {
    RefusalsIT.assumeRuns(RefusalsIT.NO_TABLES);
    String said =
        ServerJvm.run(
            RefusalsIT.NO_TABLES,
            List.of("-XX:TieredStopAtLevel=1"),
            System.getProperty("java.class.path"),
            BodyEndIT.class,
            List.of(container.name()));
    for (Reading reading : readings()) {
      assertThat(said).contains(reading + ": PUSH DISCONNECTED");
    }
  }

  private static List<Reading> readings() {
    return Arrays.stream(Reading.values()).filter(each -> each != Reading.PARTS).toList();
  }

  /** In a JVM of its own, as the tables of the system are asked for once. */
  public static void main(String[] arguments) throws Exception {
    Map<Reading, BlockingQueue<SafeAsyncResponse>> taken = new EnumMap<>(Reading.class);
    readings().forEach(each -> taken.put(each, new LinkedBlockingQueue<>()));
    try (TestServer server =
        Twins.start(
            Container.valueOf(arguments[0]),
            Transport.PLAIN,
            SafeAsyncConfig.defaults(),
            request -> taken.get(readAll(request)).add(SafeAsyncResponse.of(request)))) {
      for (Reading reading : readings()) {
        try (PartialRequest client =
            PartialRequest.post(
                server,
                Twins.GUARDED + "/" + reading,
                reading.contentType(),
                FORM.length(),
                FORM)) {
          SafeAsyncResponse response = taken.get(reading).poll(10, SECONDS);
          Witness.await().until(() -> response.detection() != Detection.ON_WRITE);
          Detection detection = response.detection();
          client.leave(PartialRequest.Way.FIN);
          End end = response.end().toCompletableFuture().get(20, SECONDS);
          System.out.println(reading + ": " + detection + " " + end.kind());
        }
      }
    }
    System.exit(0); // Containers' threads may stay for a while.
  }

  private static Reading readAll(HttpServletRequest request) {
    String path = request.getRequestURI();
    Reading reading = Reading.valueOf(path.substring(path.lastIndexOf('/') + 1));
    assertThat(reading.outcome(request)).startsWith("value");
    return reading;
  }
}
