package io.github.safeasync.compatibility;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.github.safeasync.testkit.Ends;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One request to a {@link SmallApplication}: where and how its client leaves, and what the
 * application and the client have seen. The application goes through its stations; at the one where
 * the client leaves it waits until that has happened. Thread-safe.
 */
final class Play {

  private static final long PATIENCE_SECONDS = 20;
  private static final long A_WHILE_MILLIS = 150;

  /** In this time a container has met what its client did, whether it tells of it or not. */
  private static final long UNTOLD_MILLIS = 600;

  /** How long the library may take to notice before the application goes on without that. */
  private static final Duration NOTICE = Duration.ofSeconds(3);

  /** A call of the application whose answer is noted. */
  interface Call {
    @Nullable Object get() throws Exception;
  }

  /** Work of the application, noted by the calls in it. */
  interface Work {
    void run() throws Exception;
  }

  /** What a listener does beside being noted. */
  interface Reaction {
    void on(AsyncEvent event) throws IOException;
  }

  private final SmallApplication application;
  private final Point point;
  private final Way way;

  /** Whether the application goes on only after the library, or the container, has noticed. */
  private final boolean late;

  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch left = new CountDownLatch(1);
  private final AtomicLong progress = new AtomicLong();

  private final Map<String, String> values = new ConcurrentHashMap<>();
  private final List<String> callbacks = new CopyOnWriteArrayList<>();
  private final AtomicInteger inCallback = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger uncompleted = new AtomicInteger();
  private int inside;
  private volatile @Nullable ServletRequest request;
  private volatile String client = "";
  private volatile @Nullable Seen seen;

  Play(SmallApplication application, Point point, Way way, boolean late) {
    this.application = application;
    this.point = point;
    this.way = way;
    this.late = late;
  }

  /** The same play, to be played another time. */
  Play again() {
    return new Play(application, point, way, late);
  }

  SmallApplication application() {
    return application;
  }

  Point point() {
    return point;
  }

  Way way() {
    return way;
  }

  boolean isLate() {
    return late;
  }

  /** Where the application is served for the play. */
  Site site() {
    return way == Way.HALF_CLOSE ? Site.FOR_HALF_CLOSE : Site.PLAIN;
  }

  // The application's side.

  /** The request has come to the application. */
  void serves(ServletRequest own) {
    request = own;
  }

  /** Waits, at the station where the client leaves, until it has left. */
  void at(Point station) {
    if (pass(station)) {
      await(left);
      if (late) {
        notice();
      }
    }
  }

  /** Lets the client leave without waiting for it; answers whether this is the station. */
  boolean pass(Point station) {
    boolean here = station == point && arrived.getCount() > 0;
    if (here) {
      arrived.countDown();
    }
    return here;
  }

  private void notice() {
    ServletRequest own = request;
    if (own == null || !Ends.isWatched(own)) {
      pause(UNTOLD_MILLIS);
      return;
    }
    if (!way.reads()) {
      boolean unused = Ends.await(own, NOTICE);
    }
    pause(A_WHILE_MILLIS);
  }

  /** The container's thread comes to the first filter, and leaves it. */
  synchronized void enters() {
    inside++;
  }

  synchronized void leaves() {
    inside--;
    notifyAll();
  }

  /** Waits until the container's thread has come out of the servlet and all filters. */
  private synchronized void awaitServletOut() {
    try {
      while (inside > 0) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(PATIENCE_SECONDS, SECONDS)) {
        throw new IllegalStateException("the other side never came");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Notes the answer of a call, or the family of what it throws. */
  void note(String what, Call call) {
    String seen;
    try {
      seen = String.valueOf(call.get());
    } catch (Exception | Error e) {
      seen = family(e);
    }
    values.merge(
        what, seen, (first, again) -> first.contains(again) ? first : first + ", " + again);
  }

  /** Notes whether a call goes well. */
  void tell(String what, Work work) {
    note(
        what,
        () -> {
          work.run();
          return "done";
        });
  }

  /** A part of a body has been written. */
  void progresses() {
    progress.incrementAndGet();
  }

  /** Whether the client stays, so that the application has to end by itself. */
  boolean stays() {
    return way.reads();
  }

  /** Runs work on a thread of the application's own, once the servlet has returned. */
  void elsewhere(String name, Work work) {
    Runnable counted = counted(name, work);
    Thread thread =
        new Thread(
            () -> {
              awaitServletOut();
              counted.run();
            },
            name + " of " + application.name());
    thread.setDaemon(true);
    thread.start();
  }

  /** Work that is to end: a thread of it would otherwise never be free. */
  Runnable counted(String name, Work work) {
    running.incrementAndGet();
    return () -> {
      try {
        tell(name, work);
      } finally {
        ends();
      }
    };
  }

  /** Runs the servlet's part, noting what it throws. */
  void servlet(String name, Work work) throws IOException, ServletException {
    running.incrementAndGet();
    try {
      work.run();
      values.put(name, "returned");
    } catch (IOException | ServletException | RuntimeException e) {
      values.put(name, family(e));
      throw e;
    } catch (Exception e) {
      throw new ServletException(e);
    } finally {
      ends();
    }
  }

  private synchronized void ends() {
    running.decrementAndGet();
    notifyAll();
  }

  /** Notes a callback, with what it does. */
  void callback(String name, @Nullable Throwable failure, Work work) {
    callbacks.add(name + (failure == null ? "" : "(" + family(failure) + ")"));
    calledBack(name, () -> tell("in " + name, work::run));
  }

  /** Work in a callback. */
  interface Heard<E extends Exception> {
    void run() throws E;
  }

  /** Runs a callback that comes as often as the network wants. */
  <E extends Exception> void calledBack(String name, Heard<E> work) throws E {
    if (inCallback.getAndIncrement() > 0) {
      values.put("overlapping callbacks", name);
    }
    try {
      work.run();
    } finally {
      inCallback.decrementAndGet();
    }
  }

  /** Starts a cycle that is heard by a listener. */
  AsyncContext start(ServletRequest in, AsyncListener listener) {
    AsyncContext context = in.startAsync();
    context.setTimeout(0);
    context.addListener(listener);
    uncompleted.incrementAndGet();
    return context;
  }

  private synchronized void completes() {
    uncompleted.decrementAndGet();
    notifyAll();
  }

  AsyncListener listener() {
    return listener(event -> {}, event -> {});
  }

  AsyncListener listener(Reaction onError, Reaction onTimeout) {
    return new AsyncListener() {
      private final AtomicBoolean over = new AtomicBoolean();

      @Override
      public void onComplete(AsyncEvent event) {
        hear("onComplete", event, ignored -> {});
        over();
      }

      @Override
      public void onTimeout(AsyncEvent event) {
        hear("onTimeout", event, onTimeout);
      }

      @Override
      public void onError(AsyncEvent event) {
        hear("onError", event, onError);
      }

      @Override
      public void onStartAsync(AsyncEvent event) {
        hear("onStartAsync", event, ignored -> {});
        over();
      }

      private void hear(String name, AsyncEvent event, Reaction reaction) {
        callback(name, event.getThrowable(), () -> reaction.on(event));
      }

      private void over() {
        if (over.compareAndSet(false, true)) {
          completes();
        }
      }
    };
  }

  /** What an application can tell exceptions apart by without knowing the container. */
  static String family(Throwable failure) {
    for (Class<?> family :
        List.of(IOException.class, IllegalStateException.class, ServletException.class)) {
      if (family.isInstance(failure)) {
        return family.getSimpleName();
      }
    }
    return failure.getClass().getSimpleName();
  }

  /** Waits for what gives no sign: that a container has read what came, that nothing moves. */
  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  // The client's side.

  /** Waits until the application has come to the station, and is blocked if it is to be. */
  boolean awaitArrival() throws InterruptedException {
    if (!arrived.await(PATIENCE_SECONDS, SECONDS)) {
      return false;
    }
    if (point == Point.BLOCKED_IN_WRITE) {
      for (long before = -1; before != progress.get(); ) {
        before = progress.get();
        pause(A_WHILE_MILLIS);
      }
    }
    return true;
  }

  void hasLeft() {
    left.countDown();
  }

  void heard(String what) {
    client = client.isEmpty() ? what : client + ", " + what;
  }

  /** Waits until no thread of the application's is in the play. */
  void awaitFree(Duration atMost) throws InterruptedException {
    await(() -> !isRunning(), atMost);
  }

  /** Waits until in addition nothing has to be told any more. */
  void awaitOver(Duration atMost) throws InterruptedException {
    await(this::isOver, atMost);
  }

  /** What does not come is compared with what comes on the other side. */
  private synchronized void await(BooleanSupplier condition, Duration atMost)
      throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    for (long rest; !condition.getAsBoolean() && (rest = end - System.nanoTime()) > 0; ) {
      wait(rest / 1_000_000 + 1);
    }
  }

  boolean isOver() {
    return !isRunning() && uncompleted.get() <= 0;
  }

  boolean isRunning() {
    return running.get() > 0;
  }

  /** The server stops: what happens now is no part of the play. */
  void closes() {
    seen =
        new Seen(Map.copyOf(values), List.copyOf(callbacks), client, isRunning() ? "held" : "free");
  }

  Seen seen() {
    return Objects.requireNonNull(seen);
  }

  /** The name of the play in which nobody leaves. */
  String ofClientThatStays() {
    return application.name() + " " + Point.NONE + " " + Way.STAYS;
  }

  @Override
  public String toString() {
    return application.name() + " " + point + " " + way;
  }
}
