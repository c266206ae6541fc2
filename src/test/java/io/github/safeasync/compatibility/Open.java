package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.Container;
import java.util.List;

/**
 * Known differences that are still to be mended: this list is to become empty. A line is the first
 * letters of the containers, the application, the point of departure, and what the application sees
 * behind the filter; or what is logged.
 */
final class Open {

  private static final List<String> KNOWN =
      """
      T dispatch IDLE_AGAIN callbacks: [onStartAsync, onComplete]
      T dispatch IN_ASYNC_DISPATCH callbacks: [onStartAsync, onComplete]
      T read-async BEFORE_BODY read: 0
      T read-listener BEHIND_BODY overlapping callbacks: onError
      T read-listener IN_BODY callbacks: [ReadListener.onError(IOException), onComplete]
      T write BLOCKED_IN_WRITE callbacks: [onComplete]
      U parameters-sync BEHIND_BODY read: null
      U read IN_BODY read: 1500
      U read-listener BEFORE_BODY callbacks: [onError(IOException)]
      U read-listener BEHIND_BODY callbacks: [ReadListener.onError(IOException), onError(IOException), onComplete]
      U read-listener BEHIND_BODY finished: false
      U read-listener BEHIND_BODY read: never
      U reader IN_BODY read: 0
      J log: WARNING org.eclipse.jetty.util.thread.QueuedThreadPool IllegalStateException Job failed
      T log: WARNING io.github.safeasync A call is still inside
      """
          .lines()
          .toList();

  private Open() {}

  static boolean isKnown(Container container, String difference) {
    String letter = container.name().substring(0, 1);
    return KNOWN.stream()
        .map(each -> each.split(" ", 2))
        .anyMatch(each -> each[0].contains(letter) && each[1].equals(difference));
  }
}
