package io.github.safeasync.libraries;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseBroadcaster;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.glassfish.jersey.server.ChunkedOutput;

/** A resource that never heard of us, whose only signal of a departure is a failing write. */
@Path("/")
public class Streams {

  private static final long PAUSE_NANOS = 50_000_000;

  final List<SseEventSink> sinks = new CopyOnWriteArrayList<>();
  final List<ChunkedOutput<String>> outputs = new CopyOnWriteArrayList<>();
  final AtomicInteger failed = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();
  final AtomicInteger ended = new AtomicInteger();
  private volatile boolean stopped;
  private volatile Sse sse;
  private volatile SseBroadcaster broadcaster;

  @GET
  @Path("broadcast")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  public synchronized void broadcast(@Context SseEventSink sink, @Context Sse events) {
    if (broadcaster == null) {
      sse = events;
      broadcaster = events.newBroadcaster();
      broadcaster.onError((to, failure) -> failed.incrementAndGet());
      broadcaster.onClose(of -> closed.incrementAndGet());
    }
    sink.send(events.newEvent("hello"));
    broadcaster.register(sink);
    sinks.add(sink);
  }

  /** Sends one event to all who are registered. */
  void tellAll() {
    broadcaster.broadcast(sse.newEvent("news"));
  }

  /** Ends what no failure has ended. */
  void stop() {
    stopped = true;
  }

  /** Returns how many sinks count as open. */
  long openSinks() {
    return sinks.stream().filter(each -> !each.isClosed()).count();
  }

  /** Returns how many outputs count as open. */
  long openOutputs() {
    return outputs.stream().filter(each -> !each.isClosed()).count();
  }

  @GET
  @Path("chunked")
  @Produces(MediaType.TEXT_PLAIN)
  public ChunkedOutput<String> chunked() {
    ChunkedOutput<String> output = new ChunkedOutput<>(String.class);
    outputs.add(output);
    new Thread(() -> writeUntilItFails(output), "chunked").start();
    return output;
  }

  private void writeUntilItFails(ChunkedOutput<String> output) {
    try {
      while (!stopped) {
        output.write("chunk\n");
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (IOException e) {
      ended.incrementAndGet();
    }
  }
}
