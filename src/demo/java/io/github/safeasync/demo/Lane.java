package io.github.safeasync.demo;

import io.github.safeasync.End;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One half of a storm: its clients, and what becomes of the work that is done for each. */
final class Lane {

  /** A client and its work. */
  enum Client {
    /** It has not been heard of yet. */
    AWAITED,
    /** It waits, and is worked for. */
    SERVED,
    /** It has left, and is worked for nevertheless. */
    WASTED,
    /** It has left, and its work was stopped. */
    STOPPED,
    /** It has left, and its work was done to the end, for nobody. */
    DONE_FOR_NOBODY,
    /** It has got its answer. */
    ANSWERED
  }

  private final Client[] clients;
  private final long[] leftAt;
  private final Board board;
  private final long workNanos;
  private final long[] begunAt;
  private long wastedNanos;

  Lane(Board board, int size, long workNanos) {
    this.board = board;
    this.workNanos = workNanos;
    clients = new Client[size];
    Arrays.fill(clients, Client.AWAITED);
    leftAt = new long[size];
    begunAt = new long[size];
  }

  synchronized void arrived(int number) {
    begunAt[number] = System.nanoTime();
    clients[number] = Client.SERVED;
  }

  /** To be called before the client hangs up, so that no part of the way is left out. */
  synchronized void leaves(int number) {
    leftAt[number] = System.nanoTime();
    if (clients[number] == Client.SERVED) {
      clients[number] = Client.WASTED;
    }
  }

  void ended(int number, End end) {
    long now = System.nanoTime();
    synchronized (this) {
      if (end.kind() == End.Kind.DISCONNECTED && leftAt[number] != 0) {
        board.latencies().add(now - leftAt[number]);
      }
    }
  }

  synchronized void stopped(int number) {
    over(number, Client.STOPPED);
    board.save(TimeUnit.NANOSECONDS.toMillis(begunAt[number] + workNanos - System.nanoTime()));
  }

  synchronized void done(int number) {
    over(number, clients[number] == Client.WASTED ? Client.DONE_FOR_NOBODY : Client.ANSWERED);
  }

  private void over(int number, Client how) {
    if (clients[number] == Client.WASTED) {
      wastedNanos += System.nanoTime() - leftAt[number];
    }
    clients[number] = how;
  }

  synchronized boolean isIn(Client... states) {
    List<Client> allowed = List.of(states);
    return Arrays.stream(clients).allMatch(allowed::contains);
  }

  synchronized int size(Client state) {
    return (int) Arrays.stream(clients).filter(state::equals).count();
  }

  synchronized Json toJson() {
    long now = System.nanoTime();
    long wasted = wastedNanos;
    StringBuilder states = new StringBuilder();
    Map<Client, Integer> counts = new EnumMap<>(Client.class);
    for (int i = 0; i < clients.length; i++) {
      states.append(clients[i].ordinal());
      counts.merge(clients[i], 1, Integer::sum);
      wasted += clients[i] == Client.WASTED ? now - leftAt[i] : 0;
    }
    return new Json()
        .put("clients", states)
        .put("counts", counts)
        .put("wasted", TimeUnit.NANOSECONDS.toMillis(wasted));
  }

  /** Returns the number of a client of a lane, or null if it is none. */
  @Nullable Integer number(@Nullable String text) {
    try {
      int number = Integer.parseInt(String.valueOf(text));
      return number >= 0 && number < clients.length ? number : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
