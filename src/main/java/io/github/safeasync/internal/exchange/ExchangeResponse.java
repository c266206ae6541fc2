package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.HttpStatusException;
import io.github.safeasync.Outcome;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.body.BodySubscriber;
import io.github.safeasync.internal.body.Outbox;
import io.github.safeasync.internal.guard.ExchangeAccess;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The response that the application sees: checks arguments, and asks the exchange. */
public final class ExchangeResponse implements SafeAsyncResponse {

  /** How long the end of a response that has failed may take, of which a container says why. */
  private static final Duration END_COMES = Duration.ofSeconds(2);

  private final ExchangeAccess access;
  private final ResponseEnds ends;
  private final Lifecycle lifecycle;
  private final ContainerObjects container;
  private final FilterScope scope;
  private final ApplicationObjects own;

  ExchangeResponse(
      ExchangeAccess access,
      ResponseEnds ends,
      Lifecycle lifecycle,
      ContainerObjects container,
      FilterScope scope,
      ApplicationObjects own) {
    this.access = access;
    this.ends = ends;
    this.lifecycle = lifecycle;
    this.container = container;
    this.scope = scope;
    this.own = own;
  }

  @Override
  public boolean isOpen() {
    return hasNotEnded() && !outbox().isClosed();
  }

  @Override
  public boolean isCommitted() {
    return head().isCommitted();
  }

  @Override
  public SafeAsyncResponse status(int status) {
    HeaderChecks.status(status);
    return noted("status " + status, hasNotEnded() && head().status(status));
  }

  @Override
  public SafeAsyncResponse contentType(String contentType) {
    Objects.requireNonNull(contentType, "contentType");
    ContentType checked = ContentType.checked(contentType);
    return noted("contentType", hasNotEnded() && head().contentType(checked));
  }

  @Override
  public SafeAsyncResponse header(String name, String value) {
    return header(name, value, true);
  }

  @Override
  public SafeAsyncResponse addHeader(String name, String value) {
    return header(name, value, false);
  }

  private SafeAsyncResponse header(String name, String value, boolean replaces) {
    requireField(name, value);
    HeaderChecks.headerValue(HeaderChecks.headerName(name), value);
    if (name.equalsIgnoreCase("Content-Type")) {
      return contentType(value);
    }
    return noted("header " + name, hasNotEnded() && head().header(name, value, replaces));
  }

  private static void requireField(String name, String value) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, "value");
  }

  @Override
  public SafeAsyncResponse contentLength(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("A length is 0 bytes or more, not " + bytes);
    }
    return header("Content-Length", Long.toString(bytes));
  }

  @Override
  public SafeAsyncResponse cookie(Cookie cookie) {
    Objects.requireNonNull(cookie, "cookie");
    Cookie checked = HeaderChecks.cookie((Cookie) cookie.clone());
    return noted("cookie " + checked.getName(), hasNotEnded() && head().cookie(checked));
  }

  @Override
  public SafeAsyncResponse trailer(String name, String value) {
    requireField(name, value);
    HeaderChecks.headerValue(HeaderChecks.trailerName(name), value);
    return noted("trailer " + name, isOpen() && head().trailer(name, value));
  }

  private SafeAsyncResponse noted(String call, boolean done) {
    if (!done) {
      Log.ignored(access, call, whyClosed());
    }
    return this;
  }

  private Object whyClosed() {
    End end = lifecycle.decidedEnd();
    return end == null ? "the response is committed, or text was written in another charset" : end;
  }

  @Override
  public boolean write(CharSequence text) {
    Objects.requireNonNull(text, "text");
    return isOpen() && outbox().write(ByteBuffer.wrap(head().encode(text)));
  }

  @Override
  public boolean write(byte[] bytes) {
    Objects.requireNonNull(bytes, "bytes");
    return isOpen() && outbox().write(ByteBuffer.wrap(bytes.clone()));
  }

  @Override
  public boolean write(ByteBuffer bytes) {
    Objects.requireNonNull(bytes, "bytes");
    return isOpen() && consumed(bytes, outbox().write(copyOf(bytes)));
  }

  @Override
  public boolean writeOwned(ByteBuffer bytes) {
    Objects.requireNonNull(bytes, "bytes");
    return isOpen() && outbox().write(bytes.slice());
  }

  @Override
  public boolean writeAndFlush(ByteBuffer bytes) {
    Objects.requireNonNull(bytes, "bytes");
    return isOpen() && outbox().writeAndFlush(bytes.slice());
  }

  private static ByteBuffer copyOf(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
  }

  private static boolean consumed(ByteBuffer bytes, boolean accepted) {
    if (accepted) {
      bytes.position(bytes.limit());
    }
    return accepted;
  }

  @Override
  public CompletionStage<Boolean> flush() {
    return outbox().flush().minimalCompletionStage();
  }

  @Override
  public boolean isWritable() {
    return isOpen() && outbox().pending().isWritable();
  }

  public long pendingBytes() {
    return outbox().pending().bytes();
  }

  @Override
  public Handle onWritable(Runnable callback) {
    Objects.requireNonNull(callback, "callback");
    if (!isOpen()) {
      return () -> false;
    }
    Runnable guarded = guard(callback);
    Runnable whileOpen =
        () -> {
          if (isOpen()) {
            guarded.run();
          }
        };
    return new Named(
        "onWritable",
        access,
        outbox().pending().whenWritable(() -> scope.callBack(access, whileOpen)));
  }

  @Override
  public boolean finish() {
    return isOpen() && finished(null);
  }

  @Override
  public boolean finish(CharSequence body) {
    Objects.requireNonNull(body, "body");
    return isOpen() && finished(ByteBuffer.wrap(head().encode(body)));
  }

  @Override
  public boolean finish(byte[] body) {
    Objects.requireNonNull(body, "body");
    return isOpen() && finished(ByteBuffer.wrap(body.clone()));
  }

  @Override
  public boolean finish(ByteBuffer body) {
    Objects.requireNonNull(body, "body");
    return isOpen() && consumed(body, finished(copyOf(body)));
  }

  private boolean finished(@Nullable ByteBuffer body) {
    return closed(outbox().finish(body));
  }

  @Override
  public boolean sendError(int status) {
    return sendError(status, null);
  }

  @Override
  public boolean sendError(int status, @Nullable String message) {
    return isAnswered(new HttpStatusException(status, message));
  }

  private boolean isAnswered(HttpStatusException error) {
    return isOpen() && closed(outbox().sendError(error.status(), error.getMessage()));
  }

  @Override
  public boolean redirect(String location) {
    return redirect(HttpServletResponse.SC_FOUND, location);
  }

  @Override
  public boolean redirect(int status, String location) {
    Objects.requireNonNull(location, "location");
    HeaderChecks.redirectStatus(status);
    HeaderChecks.location(location);
    return isOpen() && closed(outbox().redirect(status, location));
  }

  @Override
  public OutputStream outputStream() {
    return new ResponseOutputStream(this, outbox());
  }

  @Override
  public Writer writer() {
    return new OutputStreamWriter(outputStream(), head().textCharset());
  }

  /**
   * What a write fails with that was not accepted. Waits for the end where the body has failed: its
   * reason may come a moment later.
   */
  IOException refusal() {
    if (outbox().pending().hasEnded()) {
      awaitEnd();
    }
    End decided = lifecycle.decidedEnd();
    return decided == null || decided.kind() == End.Kind.COMPLETED
        ? new IOException("The response has been finished: nothing can be written behind its end")
        : access.endedException();
  }

  private void awaitEnd() {
    long start = System.nanoTime();
    while (hasNotEnded() && System.nanoTime() - start < END_COMES.toNanos()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private boolean closed(boolean closed) {
    if (closed) {
      ends.disarmDeadline();
    }
    return closed;
  }

  @Override
  public CompletionStage<Outcome> send(Flow.Publisher<ByteBuffer> source) {
    Objects.requireNonNull(source, "source")
        .subscribe(new BodySubscriber(this, this::sourceFailed));
    return outcome();
  }

  @Override
  public CompletionStage<Outcome> send(ReadableByteChannel source, Executor reader) {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(reader, "reader");
    ChannelSource.start(this, source, reader);
    return outcome();
  }

  @Override
  public CompletionStage<Outcome> send(InputStream source, Executor reader) {
    return send(Channels.newChannel(Objects.requireNonNull(source, "source")), reader);
  }

  @Override
  public CompletionStage<Outcome> send(Path file) {
    Objects.requireNonNull(file, "file");
    Path name = file.getFileName();
    String type = name == null ? null : container.mimeType(name.toString());
    if (type != null && isOpen()) {
      head().contentTypeIfNone(type);
    }
    FileRequest request = container.fileRequest(access);
    workers().execute(() -> FileSource.start(this, file, request));
    return outcome();
  }

  /** Whether the status is that of a success so far. */
  boolean isOk() {
    return head().isOk();
  }

  @Nullable String headerValue(String name) {
    return head().header(name);
  }

  /** Where files are read, which never waits long. */
  Executor workers() {
    return task -> scope.callBack(access, task);
  }

  /** A source of the body has failed. */
  void sourceFailed(Throwable failure) {
    callbackFailed(failure);
  }

  /** A guarded callback threw. */
  private void callbackFailed(Throwable failure) {
    if (failure instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    if (!isOpen()) {
      Log.callbackFailedLate(access, failure);
    } else if (failure instanceof HttpStatusException answer) {
      Log.callbackAnswered(access, answer);
      boolean unused = isAnswered(answer);
    } else {
      ends.failed(failure);
    }
  }

  /** A handle that says what it takes back. */
  private record Named(String what, Object about, Handle handle) implements Handle {

    @Override
    public boolean remove() {
      return handle.remove();
    }

    @Override
    public String toString() {
      return what + " of " + about;
    }
  }

  @Override
  public Handle heartbeat(Duration idle, ByteBuffer bytes) {
    Objects.requireNonNull(idle, "idle");
    Objects.requireNonNull(bytes, "bytes");
    if (idle.compareTo(Duration.ofMillis(10)) < 0) {
      throw new IllegalArgumentException("idle must be at least 10 ms, not " + idle);
    }
    Heartbeat heartbeat =
        new Heartbeat(access, scope, outbox(), idle, ByteBuffer.wrap(copyOf(bytes).array()));
    own.listeners().add(end -> heartbeat.remove());
    heartbeat.start();
    return new Named("heartbeat", access, heartbeat);
  }

  @Override
  public CompletionStage<End> end() {
    return own.end();
  }

  @Override
  public CompletionStage<Outcome> outcome() {
    return own.outcome();
  }

  @Override
  public Detection detection() {
    return hasNotEnded() ? ends.detection() : Detection.ON_WRITE;
  }

  @Override
  public Handle onDisconnect(Consumer<? super Departure> listener) {
    Objects.requireNonNull(listener, "listener");
    return new Named(
        "onDisconnect", access, own.listeners().add(end -> end.departure().ifPresent(listener)));
  }

  @Override
  public Handle onEnd(Consumer<? super End> listener) {
    Objects.requireNonNull(listener, "listener");
    return new Named("onEnd", access, own.listeners().add(listener));
  }

  @Override
  public Handle cancelOnDisconnect(Future<?> work) {
    return own.cancellation().bind(work);
  }

  @Override
  public Handle cancelOnDisconnect(AutoCloseable resource) {
    return own.cancellation().bind(resource);
  }

  @Override
  public Handle cancelOnDisconnect(Thread thread) {
    return own.cancellation().bind(thread);
  }

  @Override
  public SafeAsyncResponse cancelPolicy(CancelPolicy policy) {
    own.cancellation().policy(Objects.requireNonNull(policy, "policy"));
    return this;
  }

  @Override
  public CancellationToken token() {
    return own.cancellation();
  }

  @Override
  public void throwIfGone() throws ClientDisconnectedException {
    End end = lifecycle.decidedEnd();
    if (end != null && end.departure().isPresent()) {
      throw new ClientDisconnectedException(end.departure().get());
    }
  }

  @Override
  public Runnable guard(Runnable callback) {
    Objects.requireNonNull(callback, "callback");
    return token()
        .wrap(
            () -> {
              try {
                callback.run();
              } catch (Throwable failure) {
                callbackFailed(failure);
              }
            });
  }

  @Override
  public <T> Callable<@Nullable T> guard(Callable<? extends @Nullable T> callback) {
    Objects.requireNonNull(callback, "callback");
    return token()
        .wrap(
            () -> {
              try {
                return callback.call();
              } catch (Throwable failure) {
                callbackFailed(failure);
                return null;
              }
            });
  }

  @Override
  public <T extends @Nullable Object> Consumer<T> guard(Consumer<? super T> callback) {
    Objects.requireNonNull(callback, "callback");
    return argument -> guard(() -> callback.accept(argument)).run();
  }

  @Override
  public <T extends @Nullable Object, U extends @Nullable Object> BiConsumer<T, U> guard(
      BiConsumer<? super T, ? super U> callback) {
    Objects.requireNonNull(callback, "callback");
    return (first, second) -> guard(() -> callback.accept(first, second)).run();
  }

  @Override
  public Executor guardExecutor(Executor executor) {
    Objects.requireNonNull(executor, "executor");
    return task -> executor.execute(guard(task));
  }

  private boolean hasNotEnded() {
    return access.isLive();
  }

  private Outbox outbox() {
    return own.outbox();
  }

  private ResponseHead head() {
    return own.sink().head();
  }

  @Override
  public String toString() {
    return "SafeAsyncResponse of " + access;
  }
}
