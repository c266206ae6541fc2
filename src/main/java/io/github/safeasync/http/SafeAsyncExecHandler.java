package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.concurrent.CancellableDependency;
import org.apache.hc.core5.concurrent.ComplexCancellable;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;

/**
 * Ends the calls of Apache's {@code httpclient5} with the exchange for which they are made. It goes
 * first, so that whatever a call waits for ends with it, a connection from the pool as well:
 *
 * <pre>{@code
 * CloseableHttpClient client =
 *     HttpClients.custom()
 *         .addExecInterceptorFirst("safe-async", SafeAsyncExecHandler.create())
 *         .build();
 * }</pre>
 *
 * <p>A call belongs to the exchange that is {@linkplain CancellationToken#current() current} on the
 * thread that makes it. When the exchange cancels its work, the call is aborted as by {@code
 * cancel()} of its request, which is left as it is: the caller sees the client's own exception,
 * with the reason as a suppressed one, and nothing is tried again. One that would begin later is
 * not made. The call is bound until the response is closed, or its body has been read.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class SafeAsyncExecHandler implements ExecChainHandler {

  private static final SafeAsyncExecHandler INSTANCE = new SafeAsyncExecHandler();

  private SafeAsyncExecHandler() {}

  /**
   * Returns a handler, which serves any number of clients.
   *
   * @return the handler
   */
  public static ExecChainHandler create() {
    return INSTANCE;
  }

  /**
   * Makes a call and binds it. Called by the client.
   *
   * @param request the request
   * @param scope what the client knows of the call
   * @param chain what makes the call
   * @return the response
   * @throws IOException if the call fails, or is aborted
   * @throws HttpException if what makes it throws it
   */
  @Override
  public ClassicHttpResponse execute(
      ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
      throws IOException, HttpException {
    CancellationToken token = CancellationToken.current();
    if (token == CancellationToken.none()) {
      return chain.proceed(request, scope);
    }
    String call = request.getMethod() + " " + scope.route.getTargetHost() + request.getPath();
    if (token.isCancelled()) {
      throw AbortedCall.failure(call, token);
    }
    ComplexCancellable abort = new ComplexCancellable();
    if (scope.originalRequest instanceof CancellableDependency own) {
      own.setDependency(abort);
    }
    Handle bound = token.bind((AutoCloseable) abort::cancel);
    boolean reading = false;
    try {
      ClassicHttpResponse response = chain.proceed(request, forked(scope, abort));
      HttpEntity entity = response.getEntity();
      if (entity != null && entity.isStreaming()) {
        response.setEntity(new BoundEntity(entity, bound, token));
        reading = true;
      }
      return response;
    } catch (IOException own) {
      throw AbortedCall.explained(own, token);
    } catch (CancellationException own) {
      // What a call throws that is aborted while it waits for a connection of the pool.
      if (token.isCancelled()) {
        throw AbortedCall.failure(call, token);
      }
      throw own;
    } finally {
      if (!reading) {
        bound.remove();
      }
    }
  }

  /** The same call, which stops waiting when it is aborted. */
  private static ExecChain.Scope forked(ExecChain.Scope scope, CancellableDependency abort) {
    return new ExecChain.Scope(
        scope.exchangeId,
        scope.route,
        scope.originalRequest,
        scope.execRuntime.fork(abort),
        scope.clientContext);
  }
}
