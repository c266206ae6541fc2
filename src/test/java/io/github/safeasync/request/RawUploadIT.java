package io.github.safeasync.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.zip.CRC32;
import org.apache.catalina.connector.Connector;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * The control of uploads over HTTP/2 with TLS, on Tomcat without the library, under load: where one
 * thread reads a connection every upload that a servlet reads blocking arrives as it was sent. With
 * {@code useAsyncIO}, which is Tomcat's default, two may read it: what that leads to is counted.
 */
class RawUploadIT {

  private static final int UPLOADS = Tries.of(10);
  private static final int PIECE = 256 << 10;
  private static final int PIECES = Tries.of(256);
  private static final int CLIENTS = 4;

  private static final String WHOLE = "whole";
  private static final String CONNECTION_LOST = "connection lost";

  @ParameterizedTest
  @EveryContainer
  void readByOneThread_arrivesWhole(Container container) throws Exception {
    assertThat(uploads(container, false)).containsExactly(Map.entry(WHOLE, UPLOADS));
  }

  @ParameterizedTest
  @EveryContainer
  void readByTwo_isCounted(Container container) throws Exception {
    assertThat(uploads(container, true)).isNotEmpty();
  }

  /** How often each outcome was seen. */
  private static Map<String, Integer> uploads(Container container, boolean useAsyncIo)
      throws Exception {
    assumeTrue(container.isTomcat(), "only Tomcat reads a connection on two threads");
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    Map<String, Integer> seen = new TreeMap<>();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                Transport.H2,
                app ->
                    app.handler("/*", RawUploadIT::answerSum)
                        .customize(
                            Connector.class,
                            tomcat ->
                                tomcat.setProperty("useAsyncIO", String.valueOf(useAsyncIo))))) {
      Callable<String> upload = () -> upload(server);
      List<Callable<String>> all = new ArrayList<>(Collections.nCopies(UPLOADS, upload));
      for (Future<String> each : clients.invokeAll(all)) {
        seen.merge(each.get(), 1, Integer::sum);
      }
    } finally {
      clients.shutdownNow();
    }
    System.out.printf(
        "%s useAsyncIO=%s: %d uploads of %d MiB, %d at a time: %s%n",
        container, useAsyncIo, UPLOADS, PIECES * PIECE >> 20, CLIENTS, seen);
    return seen;
  }

  private static void answerSum(HttpServletRequest in, HttpServletResponse out) throws IOException {
    CRC32 sum = new CRC32();
    long length = 0;
    byte[] some = new byte[16 << 10];
    ServletInputStream body = in.getInputStream();
    for (int read; (read = body.read(some)) >= 0; length += read) {
      sum.update(some, 0, read);
    }
    out.getWriter().print(answer(length, sum));
  }

  private static String answer(long length, CRC32 sum) {
    return length + " bytes, sum " + sum.getValue();
  }

  private static String upload(TestServer server) throws Exception {
    try (Http2Client client = Http2Client.connect(server)) {
      Http2Exchange exchange = client.post("/upload");
      byte[] piece = new byte[PIECE];
      new Random(1).nextBytes(piece);
      CRC32 sum = new CRC32();
      for (int i = 1; i <= PIECES; i++) {
        piece[0]++;
        exchange.send(ByteBuffer.wrap(piece.clone()), i == PIECES);
        sum.update(piece);
      }
      String answer = exchange.awaitBody();
      if (answer.equals(answer((long) PIECES * PIECE, sum))) {
        return WHOLE;
      } else if (answer.startsWith((long) PIECES * PIECE + " ")) {
        return "other sum";
      }
      return answer.isEmpty() ? CONNECTION_LOST : "other length";
    } catch (ExecutionException closed) {
      return CONNECTION_LOST;
    } catch (TimeoutException stalled) {
      return "stalled";
    }
  }
}
