package io.github.safeasync;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;

/**
 * The AsyncContext that the application sees, of one cycle: complete and dispatch go through the
 * lifecycle, and the listeners are kept here, so that they hear of each event once, whoever tells
 * it. Harmless after the end.
 */
final class GuardedAsyncContext implements AsyncContext {

  private final Cycle cycle;
  private final Exchange exchange;
  private final Gate gate;
  private final StartedTasks tasks;

  GuardedAsyncContext(Cycle cycle, Exchange exchange) {
    this.cycle = cycle;
    this.exchange = exchange;
    this.gate = exchange.gate();
    this.tasks = new StartedTasks(exchange.exchanges()::start);
  }

  @Override
  public ServletRequest getRequest() {
    return cycle.request();
  }

  @Override
  public ServletResponse getResponse() {
    return cycle.response();
  }

  @Override
  public boolean hasOriginalRequestAndResponse() {
    return cycle.hasOriginals();
  }

  @Override
  public void dispatch() {
    exchange.cycles().dispatch(cycle, AsyncContext::dispatch);
  }

  @Override
  public void dispatch(String path) {
    exchange.cycles().dispatch(cycle, container -> container.dispatch(path));
  }

  @Override
  public void dispatch(ServletContext context, String path) {
    exchange.cycles().dispatch(cycle, container -> container.dispatch(context, path));
  }

  @Override
  public void complete() {
    exchange.cycles().complete(cycle);
  }

  /** Runs the task in any case: it may be what lets go of something. */
  @Override
  public void start(Runnable run) {
    exchange.cycles().claim();
    tasks.start(run, this::isTakenByContainer);
  }

  /** The container is done with the cycle: what it has not begun to run the library runs. */
  void closed() {
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
      Log.refused("a task", refusal);
      return false;
    }
  }

  @Override
  public void addListener(AsyncListener listener) {
    exchange.cycles().claim();
    cycle.listeners().add(listener, cycle.request(), cycle.response());
  }

  @Override
  public void addListener(
      AsyncListener listener, ServletRequest servletRequest, ServletResponse servletResponse) {
    exchange.cycles().claim();
    cycle.listeners().add(listener, servletRequest, servletResponse);
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
    exchange.cycles().claim();
    gate.act(() -> cycle.setTimeout(timeout));
  }

  @Override
  public long getTimeout() {
    return cycle.timeout();
  }
}
