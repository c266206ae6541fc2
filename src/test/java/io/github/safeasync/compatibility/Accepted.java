package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Transport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** What may be different behind the filter, and why. */
enum Accepted {
  ERROR_IS_TOLD(
      "Told earlier: the listeners, of the body as well, hear onError(IOException), once, and then"
          + " onComplete, where the container alone notices nothing, notices and tells fewer or none"
          + " of the listeners, tells one twice, or gives an AsyncListener no exception",
      each -> each.isOf("callbacks") && each.without().stream().anyMatch(each::isToldMore)),

  COMPLETED_FIRST(
      "The application completes in the moment in which its client leaves, before anybody notices;"
          + " over HTTP/2 all that it writes then may be taken, as on Tomcat alone in 23 of 50",
      each ->
          !each.play().isLate()
              && each.isOf("callbacks")
              && (each.behind("[onComplete]")
                  || (each.transport() == Transport.H2C
                      && each.application().equals("dispatch")
                      && each.point() == Point.IDLE_AGAIN
                      && each.behind("[onStartAsync, onComplete]")))),

  FIRST_FAULT_ONLY(
      "Told earlier: a listener hears of one fault, and the hang-up comes before the servlet's own",
      each ->
          each.application().equals("throws")
              && each.isOf("callbacks")
              && (each.behind("[onError(IOException), onComplete]")
                  || each.behind("[onError(IOException), onComplete(IllegalStateException)]"))),

  DISPATCHED_MEANWHILE(
      "A dispatch in the moment in which the client leaves may still be carried out: then the cycle"
          + " that it starts hears of the departure, and so does the first, unless that has become"
          + " the second already",
      each ->
          !each.play().isLate()
              && each.point() == Point.IDLE
              && each.application().equals("dispatch")
              && each.isOf("callbacks")
              && ((each.transport() == Transport.H2C
                      && each.behind("[onStartAsync, onError(IOException), onComplete]"))
                  || each.behind(
                      "[onError(IOException), onError(IOException), onComplete, onComplete]"))),

  COMPLETION_IS_THE_LAST(
      "Tomcat tells a listener of a dispatched cycle of its completion, then of an error of the"
          + " dispatch, then of the completion again; behind the filter a completion is the last",
      each ->
          each.isOf("callbacks")
              && each.without().stream().anyMatch(told -> told.contains("onComplete, onError"))
              && each.without().stream().anyMatch(each::isToldToTheFirstCompletion)),

  BODY_READ_FIRST(
      "A ReadListener may complete the request with the last of a body that had come whole, before"
          + " anybody notices the reset behind it",
      each ->
          !each.play().isLate()
              && each.point() == Point.BEHIND_BODY
              && each.isOf("callbacks")
              && each.behind("[onAllDataRead, onComplete]")),

  WRITE_FAILS_EARLIER(
      "Told earlier: once the hang-up is known a write throws the IOException that the container"
          + " throws only at one of the next",
      each ->
          (each.isOf("write") || each.isOf("in onAllDataRead"))
              && each.behind("IOException")
              && each.without("done")),

  WRITE_COMES_FIRST(
      "Small writes in the moment in which the client leaves, or of a dispatch at a timeout that comes"
          + " before it is noticed, may still be taken",
      each ->
          (!each.play().isLate()
                  || (each.application().equals("dispatch-at-timeout")
                      && each.point() == Point.IDLE))
              && each.isOf("write")
              && each.behind("done")
              && each.without("IOException")),

  ERROR_IN_PLACE_OF_TIMEOUT(
      "Told earlier: the hang-up has ended the exchange before its timeout, as a failure does on a"
          + " container that meets it",
      each ->
          each.point() == Point.IDLE
              && each.application().contains("timeout")
              && each.endsAtOnce(Set.of("servlet of ASYNC", "write"))),

  NO_WINDOW_AFTER_GOAWAY(
      "Jetty frees no write that waits for an HTTP/2 window once GOAWAY and FIN have come: a"
          + " synchronous request, which the library does not watch by default, stays in it on the"
          + " container alone in 67 of 288 left before their first write (behind the filter in 28 of"
          + " 288, in turns), in 26 of 48 left between two, and in 24 of 24 left in one",
      each ->
          each.container().isJetty()
              && each.transport() == Transport.H2C
              && each.way() == Way.GOAWAY
              && Set.of("write-sync", "print-sync").contains(each.application())
              && ((each.isOf("threads") && each.behind("held"))
                  || (each.isOf("servlet of REQUEST") && each.behind(Deviation.NEVER)))),

  NO_DISPATCH_AFTER_THE_END(
      "Told earlier: an exchange whose listeners have heard onError is not dispatched any more, as"
          + " on Jetty and Tomcat where they hear of an HTTP/2 reset",
      each ->
          each.point() == Point.IDLE
              && each.application().contains("dispatch")
              && each.endsAtOnce(
                  Set.of(
                      "servlet of ASYNC",
                      "servlet of ERROR",
                      "again",
                      "second",
                      "write",
                      "complete",
                      "status",
                      "message",
                      "header",
                      "attribute"))),

  HARMLESS(
      "complete, dispatch, sendError, sendRedirect, which nobody asks for a failure, do"
          + " nothing once the client has gone, where some container throws",
      each ->
          each.behind("done")
              && (each.isUncheckedWithout() || each.isOf("tell"))
              && (each.what().startsWith("in ")
                  || Set.of("complete", "dispatch", "tell", "start").contains(each.what()))),

  REQUEST_REMAINS(
      "A container that has ended the request by itself throws unchecked exceptions, or leaves a"
          + " thread in a call; behind the filter what was known of the request stays known, and"
          + " its body throws an IOException, or from Tomcat's getParts a ServletException",
      each ->
          (each.isUncheckedWithout() || each.without(Deviation.NEVER))
              && (each.behind("IOException")
                  || each.isWhole()
                  || (each.container().isTomcat()
                      && each.application().equals("parts")
                      && each.isOf("read")
                      && each.behind("ServletException")))),

  THREAD_IS_FREED(
      "A container leaves an application's thread in a call for longer than it is waited for",
      each -> each.isOf("threads") && each.behind("free")),

  NO_OVERLAP(
      "Callbacks of one request run beside each other on a container, and not behind the filter",
      each -> each.isOf("overlapping callbacks") && each.behind(Deviation.NEVER)),

  ARRIVED_BODY_IS_READ(
      "A container may lose a body that had come whole when it meets the reset behind it, and Jetty"
          + " fails the stream of a request that has none",
      each ->
          (each.point() == Point.BEHIND_BODY
                  || (each.container().isJetty()
                      && each.transport() == Transport.H2C
                      && each.application().equals("facts-get")
                      && each.point() == Point.IDLE))
              && each.isOf("read")
              && each.isWhole()
              && each.without("IOException")),

  CUT_BODY_THROWS(
      "Undertow ends a body that has been cut off as if it had come whole, or with bytes that never"
          + " came; behind the filter reading it throws an IOException",
      each -> each.isOf("read") && each.behind("IOException") && each.isCutWithout()),

  CUT_BODY_IS_TOLD_AS_CUT(
      "Tomcat tells a ReadListener onAllDataRead of a body that a stream's end has cut off, in 11 of"
          + " 175, and no AsyncListener of a failure; behind the filter the ReadListener hears"
          + " onError, and completes",
      each ->
          each.container().isTomcat()
              && each.transport() == Transport.H2C
              && each.application().equals("read-listener")
              && (each.point() == Point.BEFORE_BODY || each.point() == Point.IN_BODY)
              && each.isOf("callbacks")
              && each.behind("[ReadListener.onError(IOException), onComplete]")),

  CUT_BODY_IS_NOT_FINISHED(
      "A ReadListener that hears of a failure is not told besides that the body is finished, as"
          + " Undertow and Tomcat do, and hears of it where Tomcat tells it nothing",
      each ->
          each.application().equals("read-listener")
              && each.isOf("finished")
              && each.behind("false")
              && (each.without(Deviation.NEVER)
                  || (each.container() != Container.JETTY_EE10
                      && each.container() != Container.JETTY_EE11
                      && (each.point() == Point.BEFORE_BODY || each.point() == Point.IN_BODY)))),

  LOST_BODY_THROWS(
      "Jetty gives up what was not read of a stream that is reset: then getParameterMap throws a"
          + " NullPointerException and getParts a ServletException, behind the filter an"
          + " IllegalStateException and an IOException",
      each ->
          each.container().isJetty()
              && each.transport() == Transport.H2C
              && each.point() == Point.BEHIND_BODY
              && each.isOf("read")
              && ((each.application().equals("parameters")
                      && each.behind("IllegalStateException")
                      && each.without("NullPointerException"))
                  || (each.application().equals("parts")
                      && each.behind("IOException")
                      && each.without("ServletException")))),

  LOST_BUFFERS(
      "Undertow gives the buffers of a lost HTTP/2 connection away with what is unread in them: the"
          + " container alone reads other bytes for a parameter as well, or none, in 10 of 25",
      each ->
          each.container() == Container.UNDERTOW
              && each.transport() == Transport.H2C
              && each.point() == Point.BEHIND_BODY
              && each.isOf("read")
              && each.application().startsWith("parameters")
              && (each.behind("null")
                  || each.behind("1 " + ReadingApplications.OTHER_BYTES)
                  || each.behind("2 null")
                  || each.behind("2 " + ReadingApplications.OTHER_BYTES)
                  || each.behind(ReadingApplications.OTHER_BYTES))),

  LOST_BUFFERS_THROW(
      "What is read of such buffers throws where it can be told, be it what was sent or not",
      each ->
          each.container() == Container.UNDERTOW
              && each.transport() == Transport.H2C
              && each.point() == Point.BEHIND_BODY
              && !each.play().isLate()
              && each.isOf("read")
              && each.behind(
                  each.application().startsWith("parameters")
                      ? "IllegalStateException"
                      : "IOException")),

  CUT_PARAMETERS_THROW(
      "Behind the filter the parameters of a form that has been cut off throw the"
          + " IllegalStateException of Servlet 6.1, where a container throws one of its own, or has"
          + " none, which Tomcat may find as well of a form that had come whole",
      each ->
          each.application().startsWith("parameters")
              && each.isOf("read")
              && each.behind("IllegalStateException")
              && (each.isCutWithout()
                  || (each.container().isTomcat()
                      && each.application().equals("parameters-sync")
                      && each.without("null"))));

  /** How callbacks tell of a departure. */
  private static final List<String> FAILURES =
      List.of(
          "onError(IOException)",
          "ReadListener.onError(IOException)",
          "WriteListener.onError(IOException)");

  private final String reason;
  private final Predicate<Deviation> accepts;

  Accepted(String reason, Predicate<Deviation> accepts) {
    this.reason = reason;
    this.accepts = accepts;
  }

  @Override
  public String toString() {
    return name() + ": " + reason;
  }

  static List<Accepted> of(Deviation found) {
    return Arrays.stream(values()).filter(each -> each.accepts.test(found)).toList();
  }

  /** Whether a list of callbacks is another with a failure or a completion more. */
  static boolean isLonger(List<String> without, List<String> behind) {
    return rest(without).equals(rest(behind))
        && behind.lastIndexOf("onComplete") == behind.size() - 1
        && Collections.frequency(behind, "onComplete") <= Math.max(1, completions(without))
        && FAILURES.stream().allMatch(each -> isToldToo(each, without, behind));
  }

  /**
   * A failure that the container tells is told, and none oftener than by the container, or once.
   */
  private static boolean isToldToo(String failure, List<String> without, List<String> behind) {
    int told = Collections.frequency(behind, failure);
    int before = Collections.frequency(without, failure);
    return told >= Math.min(1, before) && told <= Math.max(1, before);
  }

  private static int completions(List<String> callbacks) {
    return (int) callbacks.stream().filter(each -> each.startsWith("onComplete")).count();
  }

  private static List<String> rest(List<String> callbacks) {
    List<String> rest = new ArrayList<>(callbacks);
    rest.removeIf(
        each -> each.startsWith("onComplete") || each.equals("onError") || FAILURES.contains(each));
    return rest;
  }
}
