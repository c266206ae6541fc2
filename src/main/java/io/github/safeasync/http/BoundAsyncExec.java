package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import org.apache.hc.client5.http.async.AsyncExecCallback;
import org.apache.hc.client5.http.async.AsyncExecChain;
import org.apache.hc.client5.http.async.AsyncExecChainHandler;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncDataConsumer;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;

/** Binds the calls of httpclient5's asynchronous client, which begin on their caller's thread. */
final class BoundAsyncExec implements AsyncExecChainHandler {

  static final BoundAsyncExec INSTANCE = new BoundAsyncExec();

  private BoundAsyncExec() {}

  @Override
  public void execute(
      HttpRequest request,
      AsyncEntityProducer entity,
      AsyncExecChain.Scope scope,
      AsyncExecChain chain,
      AsyncExecCallback callback)
      throws HttpException, IOException {
    CancellationToken token = CancellationToken.current();
    if (token == CancellationToken.none()) {
      chain.proceed(request, entity, scope, callback);
      return;
    }
    if (token.isCancelled()) {
      throw AbortedCall.failure(
          request.getMethod() + " " + scope.route.getTargetHost() + request.getPath(), token);
    }
    AutoCloseable abort = scope.cancellableDependency::cancel;
    Handle bound = token.bind(abort);
    try {
      chain.proceed(request, entity, scope, new Unbinding(callback, bound, token));
    } catch (HttpException | IOException | RuntimeException notBegun) {
      bound.remove();
      throw notBegun;
    }
  }

  /** Tells the client what it waits for, and binds nothing once the body has been read. */
  private static final class Unbinding implements AsyncExecCallback {

    private final AsyncExecCallback callback;
    private final Handle bound;
    private final CancellationToken token;

    Unbinding(AsyncExecCallback callback, Handle bound, CancellationToken token) {
      this.callback = callback;
      this.bound = bound;
      this.token = token;
    }

    @Override
    public AsyncDataConsumer handleResponse(HttpResponse response, EntityDetails entity)
        throws HttpException, IOException {
      return callback.handleResponse(response, entity);
    }

    @Override
    public void handleInformationResponse(HttpResponse response) throws HttpException, IOException {
      callback.handleInformationResponse(response);
    }

    @Override
    public void completed() {
      bound.remove();
      callback.completed();
    }

    @Override
    public void failed(Exception cause) {
      bound.remove();
      callback.failed(AbortedCall.explained(cause, token));
    }
  }
}
