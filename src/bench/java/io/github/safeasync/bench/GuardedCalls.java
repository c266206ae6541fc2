package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Calls on the objects of two requests that wait on one server: one behind the filter, one not. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuardedCalls {

  private static final Runnable NOTHING = () -> {};

  /** On which container. */
  @Param("JETTY_EE10")
  public String container;

  private final BlockingQueue<AsyncContext> taken = new LinkedBlockingQueue<>();
  private final byte[] piece = new byte[64];
  private TestServer server;
  private Reader rawReader;
  private Reader guardedReader;
  private HttpServletRequest rawRequest;
  private HttpServletRequest guardedRequest;
  private ServletOutputStream rawBody;
  private ServletOutputStream guardedBody;
  private SafeAsyncResponse response;

  /** Takes whatever the server sends. */
  private static final class Reader extends Thread {
    private final RawClient client;

    Reader(TestServer server, String path) throws IOException {
      super("reader");
      client = RawClient.connect(server).get(path);
      setDaemon(true);
      start();
    }

    @Override
    public void run() {
      byte[] buffer = new byte[1 << 16];
      try {
        while (client.read(buffer) >= 0) {
          // What it says does not matter.
        }
      } catch (IOException closed) {
        // By the end of the benchmark.
      }
    }
  }

  /** Starts the server and both requests. */
  @Setup
  public void start() throws Exception {
    server =
        Container.valueOf(container)
            .start(
                app ->
                    app.filter(SafeAsyncFilter.create(SafeAsyncConfig.defaults()), "/guarded")
                        .handler("/guarded", (in, out) -> take(in))
                        .handler("/raw", (in, out) -> take(in)));
    rawReader = new Reader(server, "/raw");
    AsyncContext raw = next();
    guardedReader = new Reader(server, "/guarded");
    AsyncContext guarded = next();
    rawRequest = (HttpServletRequest) raw.getRequest();
    guardedRequest = (HttpServletRequest) guarded.getRequest();
    rawBody = raw.getResponse().getOutputStream();
    guardedBody = guarded.getResponse().getOutputStream();
    response = SafeAsyncResponse.of(guardedRequest);
  }

  private void take(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    taken.add(context);
  }

  private AsyncContext next() throws InterruptedException {
    AsyncContext context = taken.poll(10, TimeUnit.SECONDS);
    if (context == null) {
      throw new IllegalStateException("The request did not come");
    }
    return context;
  }

  /** Ends all. */
  @TearDown
  public void stop() throws Exception {
    rawReader.client.close();
    guardedReader.client.close();
    server.close();
  }

  /** A header of the container's request. */
  @org.openjdk.jmh.annotations.Benchmark
  public String rawGetHeader() {
    return rawRequest.getHeader("Host");
  }

  /** A header of the guarded request. */
  @org.openjdk.jmh.annotations.Benchmark
  public String guardedGetHeader() {
    return guardedRequest.getHeader("Host");
  }

  /** 64 bytes into the container's stream. */
  @org.openjdk.jmh.annotations.Benchmark
  public void rawWrite() throws IOException {
    rawBody.write(piece);
  }

  /** 64 bytes into the guarded stream. */
  @org.openjdk.jmh.annotations.Benchmark
  public void guardedWrite() throws IOException {
    guardedBody.write(piece);
  }

  /** A callback that is guarded, and run. */
  @org.openjdk.jmh.annotations.Benchmark
  public void guard() {
    response.guard(NOTHING).run();
  }
}
