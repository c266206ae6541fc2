package io.github.safeasync.demo;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Two crowds that come at once, ask for work, and hang up together: one at a servlet behind the
 * filter, one at a servlet without it. A browser opens six connections to a server; so the server
 * plays the crowds itself, over sockets of its own.
 */
final class Storm {

  private static final Logger LOGGER = System.getLogger(Storm.class.getName());
  private static final int SIZE = 200;
  private static final Duration STAY = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(50);

  private enum Phase {
    ARRIVING,
    WAITING,
    LEFT,
    OVER,
    FAILED
  }

  private final Board board;
  private final ScheduledExecutorService jobs;
  private final StormAddress address;
  private final Duration work;
  private final Lane with;
  private final Lane without;
  private final long begun = System.nanoTime();
  private final Thread crowd = DaemonThreads.named("storm").newThread(this::run);
  private volatile Phase phase = Phase.ARRIVING;
  private volatile long leftAt;

  Storm(Board board, ScheduledExecutorService jobs, StormAddress address, Duration work) {
    this.board = board;
    this.jobs = jobs;
    this.address = address;
    this.work = work;
    this.with = new Lane(board, SIZE, work.toNanos());
    this.without = new Lane(board, SIZE, work.toNanos());
  }

  void start() {
    crowd.start();
  }

  void stop() {
    crowd.interrupt();
    try {
      crowd.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  boolean isOver() {
    return phase == Phase.OVER || phase == Phase.FAILED;
  }

  Lane with() {
    return with;
  }

  Lane without() {
    return without;
  }

  Duration work() {
    return work;
  }

  ScheduledExecutorService jobs() {
    return jobs;
  }

  private void run() {
    List<Socket> crowdWith = new ArrayList<>();
    List<Socket> crowdWithout = new ArrayList<>();
    try {
      for (int i = 0; i < SIZE; i++) {
        crowdWith.add(address.ask("/storm/with?client=" + i));
        crowdWithout.add(address.ask("/storm/without?client=" + i));
      }
      await(PATIENCE, () -> bothAreIn(Lane.Client.SERVED, Lane.Client.ANSWERED));
      enter(Phase.WAITING);
      await(STAY, () -> false);
      for (int i = 0; i < SIZE; i++) {
        with.leaves(i);
        crowdWith.get(i).close();
        without.leaves(i);
        crowdWithout.get(i).close();
      }
      leftAt = System.nanoTime();
      enter(Phase.LEFT);
      await(
          work.plus(PATIENCE),
          () -> bothAreIn(Lane.Client.STOPPED, Lane.Client.DONE_FOR_NOBODY, Lane.Client.ANSWERED));
      enter(Phase.OVER);
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "The storm''s clients could not connect: {0}", e.toString());
      enter(Phase.FAILED);
    } catch (InterruptedException e) {
      enter(Phase.FAILED);
    } finally {
      crowdWith.forEach(Storm::close);
      crowdWithout.forEach(Storm::close);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "A client of the storm did not close", e);
    }
  }

  private boolean bothAreIn(Lane.Client... states) {
    return with.isIn(states) && without.isIn(states);
  }

  private void await(Duration longest, BooleanSupplier over) throws InterruptedException {
    long until = System.nanoTime() + longest.toNanos();
    while (!over.getAsBoolean() && System.nanoTime() < until) {
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      board.tell();
    }
  }

  private void enter(Phase next) {
    phase = next;
    board.tell();
  }

  Json toJson() {
    long now = System.nanoTime();
    return new Json()
        .put("phase", phase)
        .put("size", SIZE)
        .put("work", work.toMillis())
        .put("stay", STAY.toMillis())
        .put("age", TimeUnit.NANOSECONDS.toMillis(now - begun))
        .put("gone", leftAt == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(now - leftAt))
        .put("with", with.toJson())
        .put("without", without.toJson());
  }
}
