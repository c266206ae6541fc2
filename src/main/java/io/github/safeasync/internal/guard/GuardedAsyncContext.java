package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.Log;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.util.function.Consumer;

/**
 * The AsyncContext that the application sees, of one cycle: complete and dispatch go through the
 * lifecycle, and the listeners are kept here, so that they hear of each event once, whoever tells
 * it. Harmless after the end.
 */
public final class GuardedAsyncContext implements AsyncContext {

  private final CycleAccess cycle;
  private final ExchangeAccess exchange;
  private final Gate gate;
  private final StartedTasks tasks;

  public GuardedAsyncContext(CycleAccess cycle, Gate gate) {
    this.cycle = cycle;
    this.gate = gate;
    this.exchange = gate.exchange();
    this.tasks = new StartedTasks(exchange);
  }

  /** After a dispatch the container may refuse, as the specification has it: Tomcat does. */
  @Override
  public ServletRequest getRequest() {
    ServletRequest known = cycle.request();
    return cycle.isDispatched() ? asked(AsyncContext::getRequest, known) : known;
  }

  /** As {@link #getRequest}. */
  @Override
  public ServletResponse getResponse() {
    ServletResponse known = cycle.response();
    return cycle.isDispatched() ? asked(AsyncContext::getResponse, known) : known;
  }

  private <T> T asked(Consumer<AsyncContext> question, T known) {
    return gate.read(
        () -> {
          question.accept(cycle.container());
          return known;
        },
        known);
  }

  @Override
  public boolean hasOriginalRequestAndResponse() {
    return cycle.hasOriginals();
  }

  @Override
  public void dispatch() {
    cycle.dispatch(AsyncContext::dispatch);
  }

  @Override
  public void dispatch(String path) {
    cycle.dispatch(container -> container.dispatch(path));
  }

  @Override
  public void dispatch(ServletContext context, String path) {
    cycle.dispatch(container -> container.dispatch(context, path));
  }

  @Override
  public void complete() {
    cycle.complete();
  }

  /** Runs the task in any case: it may be what lets go of something. */
  @Override
  public void start(Runnable run) {
    cycle.claim();
    tasks.start(exchange.carrying(run), this::isTakenByContainer);
  }

  /** The container is done with the cycle: what it has not begun to run the library runs. */
  public void closed() {
    tasks.close();
  }

  /** Whether the container runs it. One that has ended the request meanwhile refuses. */
  private boolean isTakenByContainer(Runnable task) {
    try {
      return exchange.isLive() && gate.act(() -> cycle.container().start(task));
    } catch (RuntimeException refusal) {
      if (exchange.isLive()) {
        throw refusal;
      }
      Log.refused(exchange, "a task", refusal);
      return false;
    }
  }

  @Override
  public void addListener(AsyncListener listener) {
    cycle.claim();
    cycle.addListener(listener, cycle.request(), cycle.response());
  }

  @Override
  public void addListener(
      AsyncListener listener, ServletRequest servletRequest, ServletResponse servletResponse) {
    cycle.claim();
    cycle.addListener(listener, servletRequest, servletResponse);
  }

  /** The container makes it, with its injection; after the end its constructor does. */
  @Override
  public <T extends AsyncListener> T createListener(Class<T> clazz) throws ServletException {
    if (exchange.isLive()) {
      return cycle.container().createListener(clazz);
    }
    try {
      return clazz.getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new ServletException(e);
    }
  }

  @Override
  public void setTimeout(long timeout) {
    cycle.claim();
    gate.act(() -> cycle.setTimeout(timeout));
  }

  @Override
  public long getTimeout() {
    return cycle.timeout();
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedAsyncContext of " + exchange;
  }
}
