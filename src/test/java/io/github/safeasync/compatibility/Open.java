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
      JT dispatch IDLE callbacks: [onError(IOException), onError(IOException), onComplete, onComplete]
      JT dispatch IDLE callbacks: [onStartAsync, onError(IOException), onComplete]
      T dispatch IDLE_AGAIN callbacks: [onStartAsync, onComplete]
      T error-page-of-dispatch IDLE attribute: null
      T error-page-of-dispatch IN_ERROR_PAGE attribute: null
      T error-page-of-dispatch NONE attribute: null
      JTU facts-get IDLE cookie: NullPointerException
      JTU facts-get IDLE header: null
      JTU facts-get IDLE headers: []
      JTU facts-get IDLE names: false
      JTU facts-get IDLE parameter: null
      JTU facts-get IDLE parameters: []
      T facts-get IDLE remote: null
      JTU facts-post BEHIND_BODY cookie: NullPointerException
      J facts-post BEHIND_BODY encoding: null
      JTU facts-post BEHIND_BODY header: null
      JTU facts-post BEHIND_BODY headers: []
      JTU facts-post BEHIND_BODY length: -1
      JTU facts-post BEHIND_BODY names: false
      JTU facts-post BEHIND_BODY parameter: null
      JTU facts-post BEHIND_BODY parameters: []
      JTU facts-post BEHIND_BODY read: IOException
      T facts-post BEHIND_BODY remote: null
      JTU facts-post BEHIND_BODY type: null
      T parameters BEFORE_BODY callbacks: [onComplete]
      T parameters BEFORE_BODY callbacks: [onError(IOException), onComplete]
      JTU parameters BEFORE_BODY read: 0null
      T parameters BEFORE_BODY read: 1null
      JTU parameters BEHIND_BODY read: 0null
      T parameters BEHIND_BODY read: 1null
      T parameters BEHIND_BODY read: IllegalStateException
      T parameters IN_BODY callbacks: [onComplete]
      T parameters IN_BODY callbacks: [onError(IOException), onComplete]
      JTU parameters IN_BODY read: 0null
      T parameters IN_BODY read: 1null
      U parameters IN_BODY read: 2null
      U parameters IN_BODY read: IllegalStateException
      U parameters-sync BEFORE_BODY read: IllegalStateException
      T parameters-sync BEHIND_BODY read: IllegalStateException
      T parameters-sync BEHIND_BODY read: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
      U parameters-sync IN_BODY read: IllegalStateException
      T parts BEFORE_BODY callbacks: []
      T parts BEFORE_BODY client: never came to the station
      T parts BEFORE_BODY read: NullPointerException
      T parts BEFORE_BODY servlet of REQUEST: never
      T parts BEFORE_BODY worker: never
      JTU parts BEHIND_BODY read: IOException
      T parts BEHIND_BODY read: NullPointerException
      J parts BEHIND_BODY read: ServletException
      JT print BLOCKED_IN_WRITE callbacks: [onComplete]
      U read BEFORE_BODY read: 0
      J read BEHIND_BODY read: IOException
      U read IN_BODY read: 1500
      JTU read-all BEHIND_BODY read: IOException
      U read-all IN_BODY read: 1500
      JTU read-async BEHIND_BODY read: IOException
      U read-async IN_BODY read: 1500
      TU read-listener BEFORE_BODY callbacks: [ReadListener.onError(IOException), onComplete]
      U read-listener BEFORE_BODY callbacks: [onAllDataRead, onComplete]
      JTU read-listener BEFORE_BODY callbacks: [onError(IOException), onComplete]
      U read-listener BEFORE_BODY finished: false
      JTU read-listener BEFORE_BODY finished: never
      U read-listener BEFORE_BODY finished: true
      U read-listener BEFORE_BODY read: 0
      JTU read-listener BEHIND_BODY callbacks: [ReadListener.onError(IOException), onError(IOException), onComplete]
      U read-listener BEHIND_BODY callbacks: [ReadListener.onError(RuntimeException), onError(IOException), onComplete]
      T read-listener BEHIND_BODY callbacks: [onError(IOException), ReadListener.onError(IOException), onComplete]
      T read-listener BEHIND_BODY callbacks: [onError(IOException), onComplete, ReadListener.onError(IOException)]
      U read-listener BEHIND_BODY callbacks: [onError(IOException), onComplete, ReadListener.onError(RuntimeException)]
      JU read-listener BEHIND_BODY callbacks: [onError(IOException), onComplete]
      JTU read-listener BEHIND_BODY finished: false
      JU read-listener BEHIND_BODY finished: never
      J read-listener BEHIND_BODY met the end: never
      JTU read-listener BEHIND_BODY read: never
      T read-listener IN_BODY callbacks: [ReadListener.onError(IOException), onComplete]
      T read-listener IN_BODY callbacks: [onAllDataRead, onComplete]
      JTU read-listener IN_BODY callbacks: [onError(IOException), onComplete]
      JTU read-listener IN_BODY finished: never
      T read-listener IN_BODY read: 1500
      T read-listener IN_LISTENER callbacks: [onError(IOException), ReadListener.onError(IOException), onComplete]
      JT read-listener IN_LISTENER callbacks: [onError(IOException), onComplete, ReadListener.onError(IOException)]
      U read-listener IN_LISTENER callbacks: [onError(IOException), onComplete, ReadListener.onError(RuntimeException)]
      JTU read-listener IN_LISTENER finished: false
      J read-listener IN_LISTENER met the end: never
      JT read-listener IN_LISTENER overlapping callbacks: onComplete
      T read-listener IN_LISTENER overlapping callbacks: onError
      JTU read-listener IN_LISTENER read: never
      T reader BEFORE_BODY write: done
      J reader BEHIND_BODY read: IOException
      U reader IN_BODY read: 0
      T reader-async BEFORE_BODY read: 0
      JTU reader-async BEHIND_BODY read: IOException
      U reader-async IN_BODY read: 1500
      T redirect IDLE client: failed
      JTU transfer BEHIND_BODY read: IOException
      U transfer IN_BODY read: 1500
      TU write-listener BLOCKED_IN_WRITE callbacks: [WriteListener.onError(IOException), onComplete]
      J write-listener BLOCKED_IN_WRITE callbacks: [WriteListener.onError(IOException), onError(IOException), onComplete]
      TU write-listener IN_LISTENER callbacks: [WriteListener.onError(IOException), onComplete]
      U write-listener IN_LISTENER callbacks: [WriteListener.onError(IOException), onError(IOException), onComplete]
      TU write-listener IN_SERVLET callbacks: [WriteListener.onError(IOException), onComplete]
      TU write-listener IN_SERVLET callbacks: [WriteListener.onError(IOException), onError(IOException), onComplete]
      J print BLOCKED_IN_WRITE callbacks: [onError(IOException)]
      J print IN_WRITE callbacks: [onError(IOException)]
      J log: WARNING org.eclipse.jetty.ee.servlet.ServletChannelState IllegalStateException unhandled in state COMPLETED
      T log: SEVERE org.apache.catalina.connector.CoyoteAdapter IllegalStateException Exception while processing an asynchronous
      J log: WARNING org.eclipse.jetty.util.thread.QueuedThreadPool IllegalStateException Job failed
      J log: WARNING org.eclipse.jetty.ee.servlet.ServletChannelState IllegalStateException onError not handled due to
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
