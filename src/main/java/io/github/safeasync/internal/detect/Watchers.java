package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.security.AccessController;
import java.security.PrivilegedAction;
import org.jspecify.annotations.Nullable;

/**
 * Starts the watcher of this class loader with its first detector and ends it with its last. All
 * state is guarded by the class.
 */
final class Watchers {

  static final String THREAD_NAME = "safe-async watcher";

  private static final long PATIENCE_MILLIS = 2_000;

  private static @Nullable Watcher watcher;
  private static @Nullable Thread thread;
  private static int detectors;
  private static @Nullable Mechanisms mechanisms;

  private Watchers() {}

  /** Returns the watcher, which serves the detector from now on. */
  static synchronized Watcher join(WatchQueue queue) throws IOException {
    Watcher own = watcher;
    Thread runner = thread;
    if (own == null || runner == null || !runner.isAlive()) {
      own = new Watcher(Watchers::mechanisms);
      own.serve(queue);
      detectors = 0;
      watcher = own;
      thread = start(own);
    } else {
      own.serve(queue);
    }
    detectors++;
    return own;
  }

  /** The detector is not served any more; waits, bounded, for the thread if that was the last. */
  static void leave(WatchQueue queue, Watcher from) {
    Thread ending = null;
    synchronized (Watchers.class) {
      if (from != watcher) {
        return;
      }
      if (--detectors > 0) {
        from.mailbox.leave(queue);
      } else {
        ending = thread;
        watcher = null;
        thread = null;
        from.mailbox.stop();
      }
    }
    if (ending != null && ending != Thread.currentThread()) {
      await(ending);
    }
  }

  private static void await(Thread ending) {
    try {
      ending.join(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Found out once for this class loader. Called by the watcher's thread: it takes its time. */
  static Mechanisms mechanisms() {
    synchronized (Watchers.class) {
      if (mechanisms != null) {
        return mechanisms;
      }
    }
    Mechanisms found = MechanismProbe.run();
    synchronized (Watchers.class) {
      mechanisms = found;
    }
    return found;
  }

  /** For tests: takes these as found out, or null to find out again. */
  static synchronized void assume(@Nullable Mechanisms found) {
    mechanisms = found;
  }

  /**
   * A thread outlives the request or the web application that happened to start it, so it must hold
   * on to nothing of theirs: no inherited thread locals, no context class loader but ours, and of
   * the starter's stack, which a thread's access control context keeps alive up to JDK 23, only
   * this library.
   */
  @SuppressWarnings("removal")
  private static Thread start(Watcher watcher) {
    PrivilegedAction<Thread> make =
        () -> {
          Thread made = new Thread(null, watcher, THREAD_NAME, 0, false);
          made.setContextClassLoader(Watchers.class.getClassLoader());
          made.setDaemon(true);
          return made;
        };
    Thread made;
    try {
      made = AccessController.doPrivileged(make);
    } catch (LinkageError e) {
      // A JDK without AccessController has nothing to keep either.
      made = make.run();
    }
    made.start();
    return made;
  }
}
