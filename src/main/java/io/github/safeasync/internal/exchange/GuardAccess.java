package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.internal.container.Quirks;
import io.github.safeasync.internal.guard.ExchangeAccess;
import io.github.safeasync.internal.guard.GuardedWriteListener;
import io.github.safeasync.internal.guard.RequestBody;
import io.github.safeasync.internal.guard.RequestSnapshot;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the guards of an exchange are given: each question and each news goes to who has it. */
final class GuardAccess implements ExchangeAccess {

  /** How long a container's thread waits for AsyncListeners that another thread tells. */
  private static final long TELL_MILLIS = 1000;

  private final Exchange exchange;
  private final Lifecycle lifecycle;

  GuardAccess(Exchange exchange) {
    this.exchange = exchange;
    this.lifecycle = exchange.lifecycle();
  }

  Exchange exchange() {
    return exchange;
  }

  @Override
  public String toString() {
    return exchange.toString();
  }

  @Override
  public boolean isFree() {
    return lifecycle.isFree();
  }

  @Override
  public boolean enter() {
    return lifecycle.enter();
  }

  @Override
  public boolean enterToAsk() {
    return lifecycle.enterToAsk();
  }

  @Override
  public boolean enterToSend() {
    return lifecycle.enterToSend();
  }

  @Override
  public boolean enterToRead() {
    return lifecycle.enterToRead();
  }

  @Override
  public boolean enterCallback() {
    return lifecycle.enterCallback();
  }

  /** A listener may have the container call back, on its thread. */
  @Override
  public boolean enterCallbackOnceTold() {
    if (lifecycle.enterCallback()) {
      return true;
    }
    if (!exchange.termination().isInListener() && !isNetworkThread()) {
      lifecycle.awaitTold(TELL_MILLIS, TimeUnit.MILLISECONDS);
    }
    return lifecycle.enterCallback();
  }

  @Override
  public void exit() {
    exchange.exit();
  }

  @Override
  public void exitRead() {
    exchange.exitRead();
  }

  @Override
  public void exitCallback() {
    exchange.exitCallback();
  }

  /** It is not counted: an end must not wait for it. */
  @Override
  public boolean mayWait() {
    return switch (lifecycle.phase()) {
      case NEW, STARTING, OPEN, DISPATCHING, DISPATCHED, RESUMED, RESTARTING -> true;
      case ENDED, TOLD, CLOSING -> lifecycle.lets();
      case TELLING, LINGERING, CLOSED -> false;
    };
  }

  @Override
  public @Nullable Lock writeLock() {
    return exchange.container().writeLock();
  }

  @Override
  public boolean isLive() {
    return exchange.isLive();
  }

  @Override
  public boolean isDisconnected() {
    return exchange.isDisconnected();
  }

  @Override
  public boolean isInListener() {
    return exchange.events().isTelling() || exchange.termination().isInContainersListener();
  }

  @Override
  public boolean isTelling() {
    return exchange.events().isTelling();
  }

  @Override
  public boolean isDispatchedLate() {
    return exchange.isDispatchedLate();
  }

  @Override
  public boolean isNetworkThread() {
    Quirks now = quirks();
    return now != null && now.isNetworkThread();
  }

  @Override
  public boolean failsLateWrites() {
    return exchange.scope().config().afterDisconnect() == SafeAsyncConfig.AfterDisconnect.THROW;
  }

  @Override
  public RequestSnapshot remembered() {
    return exchange.termination().remembered();
  }

  @Override
  public IOException endedException() {
    return exchange.endedException();
  }

  @Override
  public RequestBody body() {
    return exchange.body();
  }

  @Override
  public @Nullable Quirks quirks() {
    return exchange.container().quirks();
  }

  @Override
  public @Nullable Quirks quirksOfAny() {
    return exchange.container().quirksOfAny();
  }

  @Override
  public @Nullable AsyncContext startAsync(
      Supplier<AsyncContext> container,
      @Nullable ServletRequest request,
      @Nullable ServletResponse own) {
    return exchange.cycles().startAsync(container, request, own);
  }

  @Override
  public @Nullable AsyncContext asyncContext(Supplier<AsyncContext> container) {
    return exchange.cycles().asyncContext(container);
  }

  @Override
  public void written() {
    exchange.written();
  }

  @Override
  public void lostOnWrite(Throwable failure) {
    exchange.lostOnWrite(failure);
  }

  @Override
  public void limitedOnWrite(Throwable failure) {
    exchange.limitedOnWrite(failure);
  }

  @Override
  public void failedOnWrite(IOException failure) {
    exchange.failedOnWrite(failure);
  }

  @Override
  public void failedOnPrint() {
    exchange.failedOnPrint();
  }

  @Override
  public void failedOnRead(Throwable failure) {
    exchange.failedOnRead(failure);
  }

  @Override
  public void bodyRead() {
    exchange.bodyRead();
  }

  @Override
  public void lingered() {
    exchange.lingered();
  }

  @Override
  public void streamed() {
    exchange.container().streamed();
  }

  @Override
  public void listenerSet() {
    exchange.container().listenerSet();
  }

  @Override
  public void writeListenerCalled() {
    exchange.writeListenerCalled();
  }

  @Override
  public void listens(GuardedWriteListener listener) {
    exchange.termination().listens(listener);
  }

  @Override
  public void listensLate(GuardedWriteListener listener) {
    exchange.termination().listensLate(listener);
  }

  @Override
  public void errorSent(int status) {
    exchange.errorSent(status);
  }

  @Override
  public void cancelPolicy(@Nullable CancelPolicy own) {
    exchange.cancelPolicy(own);
  }

  @Override
  public void callBack(Runnable task) {
    exchange.scope().callBack(exchange, task);
  }

  @Override
  public void callBackInTurn(Runnable callback) {
    exchange.termination().tellInTurn(callback);
  }

  @Override
  public Exception leaving(Exception thrown) {
    return exchange.leaving(thrown);
  }

  @Override
  public Runnable carrying(Runnable task) {
    return CurrentExchange.wrap(exchange, task);
  }

  @Override
  public void call(IoCallback callback) throws IOException {
    CurrentExchange.Work before = CurrentExchange.enter(exchange);
    try {
      callback.run();
    } finally {
      CurrentExchange.leave(before);
    }
  }

  @Override
  public void start(Runnable task) {
    exchange.scope().start(exchange, task);
  }
}
