package io.github.safeasync.jaxrs;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import jakarta.ws.rs.container.ConnectionCallback;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseBroadcaster;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** Every asynchronous thing of JAX-RS, handed to the test. */
@Path("/")
public class Waiting {

  /** What the application's callbacks were told, in order. */
  static final List<String> HEARD = new CopyOnWriteArrayList<>();

  /** What is pending: a response, a sink or a stage. */
  static final BlockingQueue<Object> PENDING = new LinkedBlockingQueue<>();

  static volatile Sse sse;
  static volatile SseBroadcaster broadcaster;

  static void reset() {
    HEARD.clear();
    PENDING.clear();
    broadcaster = null;
  }

  @GET
  @Path("response")
  @Produces(MediaType.TEXT_PLAIN)
  public void response(@Suspended AsyncResponse suspended, @Context HttpServletRequest request) {
    AsyncResponse response = SafeAsyncJaxRs.guard(suspended, request);
    listen(response);
    PENDING.add(response);
  }

  @GET
  @Path("unguarded")
  @Produces(MediaType.TEXT_PLAIN)
  public void unguarded(@Suspended AsyncResponse suspended) {
    listen(suspended);
    PENDING.add(suspended);
  }

  @GET
  @Path("failing")
  @Produces(MediaType.TEXT_PLAIN)
  public void failing(@Suspended AsyncResponse suspended) {
    suspended.register((ConnectionCallback) gone -> fail("onDisconnect"));
    suspended.register((CompletionCallback) failure -> fail("onComplete"));
    listen(suspended);
    PENDING.add(suspended);
  }

  private static void fail(String callback) {
    HEARD.add(callback + " fails");
    throw new AssertionError(callback + " fails");
  }

  private static void listen(AsyncResponse response) {
    response.register((ConnectionCallback) gone -> HEARD.add("onDisconnect"));
    response.register((CompletionCallback) failure -> HEARD.add("onComplete " + failure));
  }

  @GET
  @Path("sse")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  public void sse(
      @Context SseEventSink sink, @Context Sse events, @Context HttpServletRequest request) {
    sse = events;
    PENDING.add(SafeAsyncJaxRs.guard(sink, request));
  }

  @GET
  @Path("unguarded-sse")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  public void unguarded(@Context SseEventSink sink) {
    PENDING.add(sink);
  }

  @GET
  @Path("broadcast")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  public synchronized void broadcast(
      @Context SseEventSink sink, @Context Sse events, @Context HttpServletRequest request) {
    sse = events;
    if (broadcaster == null) {
      broadcaster = events.newBroadcaster();
    }
    broadcaster.register(SafeAsyncJaxRs.guard(sink, request));
    PENDING.add(sink);
  }

  @GET
  @Path("stage")
  @Produces(MediaType.TEXT_PLAIN)
  public CompletionStage<String> stage() {
    CompletableFuture<String> stage = new CompletableFuture<>();
    PENDING.add(stage);
    return stage;
  }
}
