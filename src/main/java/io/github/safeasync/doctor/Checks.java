package io.github.safeasync.doctor;

import io.github.safeasync.SafeAsyncResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The requests that are held, and the latest of those that were. Thread-safe. */
final class Checks {

  private static final int MOST_HELD = 16;
  private static final int MOST_KEPT = 128;
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** Tells this server from others behind the same address. */
  private final String server = UUID.randomUUID().toString().substring(0, 8);

  private final Map<String, Check> byId = new HashMap<>();
  private final Deque<String> oldestFirst = new ArrayDeque<>();
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread thread = new Thread(task, "safe-async-doctor");
            thread.setDaemon(true);
            return thread;
          });

  Checks() {
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(1, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
  }

  String server() {
    return server;
  }

  /**
   * Holds a response.
   *
   * @return why it is not held; null if it is
   */
  @Nullable String add(String id, SafeAsyncResponse response) {
    Check check = new Check(response);
    synchronized (byId) {
      if (byId.containsKey(id)) {
        return "this request was sent twice; does a proxy try again by itself?";
      }
      if (byId.values().stream().filter(Check::isHeld).count() >= MOST_HELD) {
        return MOST_HELD + " requests are held at most; try again in a minute";
      }
      byId.put(id, check);
      oldestFirst.add(id);
      if (oldestFirst.size() > MOST_KEPT) {
        byId.remove(oldestFirst.remove());
      }
    }
    Future<?> release = timer.schedule(check::release, LONGEST.toMillis(), TimeUnit.MILLISECONDS);
    response.onEnd(
        end -> {
          check.ended(end);
          release.cancel(false);
        });
    return null;
  }

  @Nullable Check find(@Nullable String id) {
    synchronized (byId) {
      return id == null ? null : byId.get(id);
    }
  }

  void close() {
    timer.shutdownNow();
  }
}
