package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.bench.WatcherCpu;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.apache.catalina.connector.Connector;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G7, G10, G11: clients that send nothing, or a request byte by byte. What the filter has not been
 * given costs it nothing, and what it has been given ends as with the container alone.
 */
class UnfinishedRequestsIT {

  private static final int IDLE = Tries.areAll() ? 10_000 : 600;
  private static final int SLOW = Tries.of(100);

  /** What idle clients have sent, a third of them each. */
  private static final List<String> SENT =
      List.of(
          "",
          "GET /take HTTP/1.1\r\nHost: localhost\r\nX-Endless: ",
          "GET /kept HTTP/1.1\r\nHost: localhost\r\n\r\n");

  private static final double PERCENT_OF_A_CORE = 1;

  /** A process whose clients stay as they are. */
  public static final class Idlers {

    /** How many one address has to connect from. */
    private static final int PORTS = 20_000;

    private Idlers() {}

    public static void main(String[] arguments) throws IOException {
      int port = Integer.parseInt(arguments[0]);
      int count = Integer.parseInt(arguments[1]);
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress("127.0.0." + (1 + i / PORTS), 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        String sent = SENT.get(i % SENT.size());
        socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
        if (sent.startsWith("GET /kept") && socket.getInputStream().read() != 'H') {
          throw new IOException("no answer");
        }
        held.add(socket);
      }
      System.out.println(held.size());
      System.in.read();
    }

    static Process start(TestServer server) throws Exception {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Idlers.class.getName(),
                  Integer.toString(server.port()),
                  Integer.toString(IDLE))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertThat(process.getInputStream().read()).as("what it says once they stand").isPositive();
      return process;
    }
  }

  /** The container alone lets go of a request whose answer has been sent; so does the library. */
  @ParameterizedTest
  @EveryContainer
  void idleConnectionsAndHeadsWithoutAnEnd_costNothing_G7_G11(Container container)
      throws Exception {
    Queue<WeakReference<Exchange>> kept = new ConcurrentLinkedQueue<>();
    try (Logs logs = Logs.capture();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app ->
                    app.customize(Connector.class, UnfinishedRequestsIT::acceptAll)
                        .handler(
                            "/kept",
                            (in, out) -> {
                              kept.add(new WeakReference<>(Exchange.of(in)));
                              SafeAsyncResponse.of(in).finish("kept");
                            }))) {
      isServed(site);
      Process idlers = Idlers.start(site.server());
      try {
        assertThat(kept).hasSize(IDLE / SENT.size());
        assertThat(site.exchanges().size()).isZero();
        site.awaitWatching(0);
        Witness.await()
            .pollInterval(Duration.ofMillis(200))
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(
                () -> {
                  System.gc();
                  assertThat(kept.stream().filter(each -> each.get() != null).count()).isZero();
                });
        assertThat(WatcherCpu.percentDuring(Duration.ofSeconds(1))).isLessThan(PERCENT_OF_A_CORE);
        isServed(site);
      } finally {
        idlers.destroyForcibly().waitFor();
      }
      isServed(site);
      assertThat(site.exchanges().size()).isZero();
      logs.assertQuiet();
    }
  }

  /** Tomcat takes 8192 otherwise. */
  private static void acceptAll(Connector connector) {
    connector.setProperty("maxConnections", "20000");
    connector.setProperty("maxKeepAliveRequests", "-1");
  }

  private static void isServed(Site site) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      site.take().finish("sound");
      assertThat(client.readResponse().body()).isEqualTo("sound");
      client.get("/take");
      Witness witness = Witness.of(site.take());
      client.closeRst();
      witness.ended();
    }
    Witness.await().untilAsserted(() -> assertThat(site.exchanges().size()).isZero());
  }

  /** What the application of one path has heard, a line for each request. */
  private record Reads(Queue<String> ends, Queue<AsyncContext> open) {

    Reads() {
      this(new ConcurrentLinkedQueue<>(), new ConcurrentLinkedQueue<>());
    }

    void serve(HttpServletRequest request) throws IOException {
      AsyncContext context = request.startAsync();
      context.setTimeout(1_500);
      StringBuffer heard = new StringBuffer();
      context.addListener(
          new DeafListener() {
            @Override
            public void onTimeout(AsyncEvent event) {
              heard.append("timeout ");
            }

            @Override
            public void onError(AsyncEvent event) {
              heard.append("error ");
            }

            @Override
            public void onComplete(AsyncEvent event) {
              ends.add(heard.append("complete").toString());
            }
          });
      ServletInputStream in = request.getInputStream();
      in.setReadListener(new Draining(in));
      open.add(context);
    }
  }

  private record Draining(ServletInputStream in) implements ReadListener {
    @Override
    public void onDataAvailable() throws IOException {
      byte[] buffer = new byte[100];
      while (in.isReady() && in.read(buffer) > 0) {
        // Whatever it is.
      }
    }

    @Override
    public void onAllDataRead() {}

    @Override
    public void onError(Throwable failure) {}
  }

  @ParameterizedTest
  @EveryContainer
  void bodiesThatComeByteByByte_endByTheTimeout_asWithTheContainerAlone_G10_G13(Container container)
      throws Exception {
    Reads raw = new Reads();
    Reads guarded = new Reads();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter(), "/guarded", "/quick")
                        .handler("/raw", (in, out) -> raw.serve(in))
                        .handler("/guarded", (in, out) -> guarded.serve(in))
                        .handler("/quick", (in, out) -> SafeAsyncResponse.of(in).finish("q")))) {
      List<String> ofRaw = trickle(server, "/raw", raw);
      List<String> ofGuarded = trickle(server, "/guarded", guarded);
      assertThat(ofGuarded).isEqualTo(ofRaw);
      assertThat(guarded.ends()).containsExactlyInAnyOrderElementsOf(raw.ends()).hasSize(SLOW);
      assertThat(logs.lines(Level.WARNING)).isEmpty();
    }
  }

  /** Returns how the answers begin. */
  private static List<String> trickle(TestServer server, String path, Reads reads)
      throws Exception {
    List<RawClient> clients = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    try {
      for (int i = 0; i < SLOW; i++) {
        clients.add(
            RawClient.connect(server)
                .send(
                    "POST "
                        + path
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"));
      }
      long begun = System.nanoTime();
      while (reads.ends().size() < SLOW && System.nanoTime() - begun < 20_000_000_000L) {
        for (RawClient client : clients) {
          sendIfOpen(client);
        }
        try (RawClient other = RawClient.connect(server)) {
          assertThat(other.get("/quick").readResponse().body()).isEqualTo("q");
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      for (RawClient client : clients) {
        answers.add(answer(client));
      }
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
    Witness.await().untilAsserted(() -> assertThat(reads.ends()).hasSize(SLOW));
    return answers;
  }

  private static void sendIfOpen(RawClient client) {
    try {
      client.send("x");
    } catch (IOException closed) {
      // It has had its answer.
    }
  }

  private static String answer(RawClient client) {
    try {
      RawResponse response = client.readResponse();
      return "status " + response.status();
    } catch (IOException reset) {
      return "none";
    }
  }
}
