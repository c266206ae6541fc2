package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** A client that binds each call to the exchange that is current on the calling thread. */
final class BoundHttpClient extends HttpClient {

  private final HttpClient client;

  BoundHttpClient(HttpClient client) {
    this.client = client;
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    CancellationToken token = CancellationToken.current();
    if (token == CancellationToken.none()) {
      return client.send(request, handler);
    }
    return SentCall.await(bound(token, request, handler, own -> client.sendAsync(request, own)));
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    CancellationToken token = CancellationToken.current();
    return token == CancellationToken.none()
        ? client.sendAsync(request, handler)
        : bound(token, request, handler, own -> client.sendAsync(request, own));
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      BodyHandler<T> handler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    CancellationToken token = CancellationToken.current();
    return token == CancellationToken.none()
        ? client.sendAsync(request, handler, pushPromiseHandler)
        : bound(token, request, handler, own -> client.sendAsync(request, own, pushPromiseHandler));
  }

  private static <T> CompletableFuture<HttpResponse<T>> bound(
      CancellationToken token,
      HttpRequest request,
      BodyHandler<T> handler,
      Function<BodyHandler<T>, CompletableFuture<HttpResponse<T>>> sending) {
    Objects.requireNonNull(handler, "responseBodyHandler");
    String call = request.method() + " " + request.uri();
    return token.isCancelled()
        ? CompletableFuture.failedFuture(AbortedCall.failure(call, token))
        : new BoundCall<T>(call, token).start(handler, sending);
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return client.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return client.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return client.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return client.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return client.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return client.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return client.authenticator();
  }

  @Override
  public Version version() {
    return client.version();
  }

  @Override
  public Optional<Executor> executor() {
    return client.executor();
  }

  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return client.newWebSocketBuilder();
  }

  @Override
  public String toString() {
    return client.toString();
  }

  // What JDK 21 has added to HttpClient; before it nobody can call these.

  public void shutdown() {
    call("shutdown");
  }

  public void shutdownNow() {
    call("shutdownNow");
  }

  public void close() {
    call("close");
  }

  public boolean isTerminated() {
    return Boolean.TRUE.equals(call("isTerminated"));
  }

  public boolean awaitTermination(Duration duration) throws InterruptedException {
    try {
      return (Boolean)
          HttpClient.class.getMethod("awaitTermination", Duration.class).invoke(client, duration);
    } catch (InvocationTargetException thrown) {
      if (thrown.getCause() instanceof InterruptedException interrupt) {
        throw interrupt;
      }
      throw unchecked(thrown);
    } catch (ReflectiveOperationException notOnThisJdk) {
      throw new UnsupportedOperationException(notOnThisJdk);
    }
  }

  private @Nullable Object call(String method) {
    try {
      return HttpClient.class.getMethod(method).invoke(client);
    } catch (InvocationTargetException thrown) {
      throw unchecked(thrown);
    } catch (ReflectiveOperationException notOnThisJdk) {
      throw new UnsupportedOperationException(notOnThisJdk);
    }
  }

  private static RuntimeException unchecked(InvocationTargetException thrown) {
    if (thrown.getCause() instanceof Error error) {
      throw error;
    }
    return thrown.getCause() instanceof RuntimeException own
        ? own
        : new IllegalStateException(thrown.getCause());
  }
}
