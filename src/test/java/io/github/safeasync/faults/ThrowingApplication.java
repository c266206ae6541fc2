package io.github.safeasync.faults;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.DeafListener;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ReadListener;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** Each place at which the library calls the application, which throws an Error there. */
enum ThrowingApplication {
  ON_END((in, out, fault) -> of(in).onEnd(end -> fault.strike())),
  ON_DISCONNECT((in, out, fault) -> of(in).onDisconnect(departure -> fault.strike())),
  ON_WRITABLE((in, out, fault) -> of(in).onWritable(fault::strike), Trait.ENDS_IT),
  BOUND_RESOURCE((in, out, fault) -> of(in).cancelOnDisconnect((AutoCloseable) fault::strike)),
  BOUND_FUTURE(
      (in, out, fault) ->
          of(in)
              .cancelOnDisconnect(
                  new CompletableFuture<>() {
                    @Override
                    public boolean cancel(boolean mayInterruptIfRunning) {
                      fault.strike();
                      return false;
                    }
                  })),
  SUBSCRIPTION_CANCEL((in, out, fault) -> send(in, new Subscription(() -> {}, fault::strike))),
  SUBSCRIPTION_REQUEST(
      (in, out, fault) -> send(in, new Subscription(fault::strike, () -> {})), Trait.ENDS_IT),
  PUBLISHER_SUBSCRIBE(
      (in, out, fault) -> of(in).send((Flow.Publisher<ByteBuffer>) reader -> fault.strike()),
      Trait.ENDS_IT,
      Trait.LEFT_TO_CONTAINER),
  SOURCE_READ(
      (in, out, fault) ->
          of(in).send(new Source(fault::strike, () -> {}), ThrowingApplication::elsewhere),
      Trait.ENDS_IT),
  SOURCE_CLOSE(
      (in, out, fault) ->
          of(in).send(new Source(() -> {}, fault::strike), ThrowingApplication::elsewhere)),
  EXECUTOR(
      (in, out, fault) -> of(in).send(new Source(() -> {}, () -> {}), task -> fault.strike()),
      Trait.ENDS_IT,
      Trait.LEFT_TO_CONTAINER),
  GUARDED_CALLBACK(
      (in, out, fault) -> elsewhere(of(in).guard((Runnable) fault::strike)), Trait.ENDS_IT),
  ASYNC_LISTENER_ON_ERROR(
      (in, out, fault) ->
          start(in)
              .addListener(
                  new DeafListener() {
                    @Override
                    public void onError(AsyncEvent event) {
                      fault.strike();
                    }
                  })),
  ASYNC_LISTENER_ON_COMPLETE(
      (in, out, fault) ->
          start(in)
              .addListener(
                  new DeafListener() {
                    @Override
                    public void onComplete(AsyncEvent event) {
                      fault.strike();
                    }
                  })),
  ASYNC_LISTENER_ON_TIMEOUT(
      (in, out, fault) -> {
        AsyncContext context = start(in);
        context.setTimeout(100);
        context.addListener(
            new DeafListener() {
              @Override
              public void onTimeout(AsyncEvent event) {
                fault.strike();
              }
            });
      },
      Trait.ENDS_IT),
  STARTED_TASK(
      (in, out, fault) -> start(in).start(fault::strike),
      Trait.BEFORE_THE_END,
      Trait.LEFT_TO_CONTAINER),
  READ_LISTENER_ON_ERROR(
      (in, out, fault) -> read(in, new Reading(() -> {}, fault::strike)), Trait.UPLOAD),
  READ_LISTENER_ON_DATA(
      (in, out, fault) -> read(in, new Reading(fault::strike, () -> {})),
      Trait.UPLOAD,
      Trait.BEFORE_THE_END,
      Trait.LEFT_TO_CONTAINER),
  WRITE_LISTENER_ON_ERROR((in, out, fault) -> write(in, out, new Writing(() -> {}, fault::strike))),
  WRITE_LISTENER_ON_POSSIBLE(
      (in, out, fault) -> write(in, out, new Writing(fault::strike, () -> {})),
      Trait.BEFORE_THE_END,
      Trait.LEFT_TO_CONTAINER),
  SERVLET(
      (in, out, fault) -> {
        of(in);
        fault.strike();
      },
      Trait.ENDS_IT,
      Trait.LEFT_TO_CONTAINER);

  /** What is peculiar to a place. */
  enum Trait {
    /** It is called while the client is there, who then leaves. */
    BEFORE_THE_END,
    /** The same, and the exchange ends by the Error, or by a timeout. */
    ENDS_IT,
    /** The Error goes to the container: through the servlet, or out of the container's own call. */
    LEFT_TO_CONTAINER,
    /** It is about a body, of which a part is sent. */
    UPLOAD
  }

  private interface Service {
    void serve(HttpServletRequest in, HttpServletResponse out, Fault fault) throws IOException;
  }

  private final Service service;
  private final List<Trait> traits;

  ThrowingApplication(Service service, Trait... traits) {
    this.service = service;
    this.traits = List.of(traits);
  }

  boolean is(Trait trait) {
    return traits.contains(trait);
  }

  void serve(HttpServletRequest in, HttpServletResponse out, Fault fault) throws IOException {
    service.serve(in, out, fault);
  }

  private static SafeAsyncResponse of(HttpServletRequest request) {
    return SafeAsyncResponse.of(request);
  }

  private static void elsewhere(Runnable task) {
    new Thread(task, "elsewhere").start();
  }

  private static AsyncContext start(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    return context;
  }

  private static void read(HttpServletRequest request, ReadListener listener) throws IOException {
    start(request);
    request.getInputStream().setReadListener(listener);
  }

  private static void write(
      HttpServletRequest request, HttpServletResponse response, WriteListener listener)
      throws IOException {
    start(request);
    response.getOutputStream().setWriteListener(listener);
  }

  private static void send(HttpServletRequest request, Flow.Subscription subscription) {
    of(request).send((Flow.Publisher<ByteBuffer>) reader -> reader.onSubscribe(subscription));
  }

  private record Subscription(Runnable onRequest, Runnable onCancel) implements Flow.Subscription {
    @Override
    public void request(long n) {
      onRequest.run();
    }

    @Override
    public void cancel() {
      onCancel.run();
    }
  }

  /** Never ends. */
  private static final class Source extends InputStream {
    private final Runnable onRead;
    private final Runnable onClose;

    Source(Runnable onRead, Runnable onClose) {
      this.onRead = onRead;
      this.onClose = onClose;
    }

    @Override
    public int read() {
      onRead.run();
      return 'x';
    }

    @Override
    public void close() {
      onClose.run();
    }
  }

  private record Reading(Runnable onData, Runnable onFailure) implements ReadListener {
    @Override
    public void onDataAvailable() {
      onData.run();
    }

    @Override
    public void onAllDataRead() {}

    @Override
    public void onError(Throwable failure) {
      onFailure.run();
    }
  }

  private record Writing(Runnable onPossible, Runnable onFailure) implements WriteListener {
    @Override
    public void onWritePossible() {
      onPossible.run();
    }

    @Override
    public void onError(Throwable failure) {
      onFailure.run();
    }
  }
}
