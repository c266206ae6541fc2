package io.github.safeasync.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.undertow.Undertow;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Where a client leaves, an application behind the filter sees what it would see without it, or is
 * told earlier and in the same way. Each play is one request to a {@link SmallApplication}; all are
 * played at the same time, twice without the filter and twice behind it: the application goes on at
 * once, or after the departure could be noticed.
 */
class HangUpCompatibilityIT {

  private static final int CLIENTS = 64;

  /** What a container does not tell in this time it never tells. */
  private static final Duration NEVER = Duration.ofSeconds(1);

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final Set<DispatcherType> MAPPED =
      EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC);

  private static final List<Transport> TRANSPORTS =
      List.of(Transport.PLAIN, Transport.TLS13, Transport.H2C);

  /** So often a difference is looked for on the container alone before it counts as one. */
  private static final int AGAIN = 4;

  /**
   * Jetty throws at the end of a request whose parts were cut off, as it looks for them again
   * (HttpChannelState.completeStream, MultiPartFormData.getParts). Without the library its
   * SerializedInvoker logs that where the application completes the request; where it is aborted,
   * ServletChannel.handle goes on after the exception, with a state that has ended.
   */
  private static final String PARTS_LOST =
      "log: WARNING org.eclipse.jetty.util.thread.QueuedThreadPool IllegalStateException"
          + " Job failed";

  private static final String WHERE_PARTS_ARE_LOST = "ServletChannelState.unhandle(";

  /**
   * Jetty meets the exception of a servlet with a request whose stream was reset meanwhile, and
   * says so. Of ten servers with 128 clients each that reset their streams in the servlet, in turns
   * without the library and behind it, six did without and seven behind it.
   */
  private static final String ERROR_OF_A_RESET_STREAM =
      "log: WARNING org.eclipse.jetty.ee.servlet.ServletChannelState IllegalStateException"
          + " onError not handled due to";

  private static final String WHERE_THE_STREAM_IS_RESET = "rs=COMPLETED os=ABORTED";

  private static List<SmallApplication> applications() {
    List<SmallApplication> all = new ArrayList<>();
    all.addAll(ReadingApplications.all());
    all.addAll(WritingApplications.all());
    all.addAll(CycleApplications.all());
    String asked = System.getProperty("safeasync.applications");
    if (asked != null) {
      all.removeIf(each -> !List.of(asked.split(",")).contains(each.name()));
    }
    return all;
  }

  /**
   * The plays of a transport, each early and late: all, as in a storm; or a choice in which each
   * application is left at each of its points over one of the transports and in one of the ways.
   */
  private static List<Play> plays(Container container, Transport transport) {
    String asked = System.getProperty("safeasync.plays", Tries.areAll() ? "all" : "0");
    boolean all = asked.equals("all");
    int turn = all ? 0 : container.ordinal() + Integer.parseInt(asked);
    List<Play> plays = new ArrayList<>();
    for (SmallApplication application : applications()) {
      for (Point point : application.stations()) {
        List<Way> ways = ways(point, transport);
        if (!all && point != Point.NONE) {
          turn++;
          boolean isOfTransport = TRANSPORTS.get(turn % TRANSPORTS.size()) == transport;
          ways =
              isOfTransport ? List.of(ways.get(turn / TRANSPORTS.size() % ways.size())) : List.of();
        }
        for (Way way : ways) {
          plays.add(new Play(application, point, way, true));
          plays.add(new Play(application, point, way, false));
        }
      }
    }
    return plays;
  }

  private static List<Way> ways(Point point, Transport transport) {
    if (point == Point.NONE) {
      return List.of(Way.STAYS);
    }
    return Arrays.stream(Way.values())
        .filter(way -> way != Way.STAYS && way.existsOn(transport))
        .filter(way -> point != Point.BLOCKED_IN_WRITE || !way.reads())
        .toList();
  }

  /** What plays on one server have shown, by their names, and what it logged. */
  private record Shown(Map<String, List<Play>> plays, Map<String, String> logged) {
    List<Seen> seen(String play) {
      return plays.get(play).stream().map(Play::seen).toList();
    }

    /** Adds what the same server has shown another time. */
    void add(Shown again) {
      again.plays.forEach(
          (name, more) -> plays.computeIfAbsent(name, none -> new ArrayList<>()).addAll(more));
      logged.putAll(again.logged);
    }

    /** The kinds of lines that another server has not logged. */
    Map<String, String> louder(Shown other) {
      Map<String, String> more = new TreeMap<>(logged);
      more.keySet().removeAll(other.logged.keySet());
      if (more.getOrDefault(PARTS_LOST, "").contains(WHERE_PARTS_ARE_LOST)) {
        more.remove(PARTS_LOST);
      }
      if (more.getOrDefault(ERROR_OF_A_RESET_STREAM, "").contains(WHERE_THE_STREAM_IS_RESET)) {
        more.remove(ERROR_OF_A_RESET_STREAM);
      }
      return more;
    }

    /** Whether a thread of a play's was not free at its end. */
    boolean isHeld(Play play) {
      return plays.getOrDefault(play.toString(), List.of()).stream()
          .anyMatch(each -> each.seen().threads().equals("held"));
    }

    static final Shown NOTHING = new Shown(Map.of(), Map.of());
  }

  private static List<Play> copies(List<Play> plays) {
    return plays.stream().map(Play::again).toList();
  }

  private static Shown play(
      Container container, Transport transport, List<Play> plays, Shown without, boolean filtered)
      throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    Map<String, List<Play>> shown = new LinkedHashMap<>();
    try (Logs logs = Logs.swallow()) {
      try (TestServer server = container.start(transport, app -> deploy(app, plays, filtered))) {
        List<Callable<Void>> visits = new ArrayList<>();
        for (int i = 0; i < plays.size(); i++) {
          Play each = plays.get(i);
          String path = each.site().path() + "/" + each.application().name() + "/" + i;
          Duration patience = filtered && !without.isHeld(each) ? PATIENCE : NEVER;
          visits.add(() -> visit(server, each, path, patience));
        }
        for (Future<Void> each : clients.invokeAll(visits)) {
          each.get();
        }
        plays.forEach(
            each -> {
              each.closes();
              shown.computeIfAbsent(each.toString(), name -> new ArrayList<>()).add(each);
            });
      }
      return new Shown(shown, logged(logs));
    } finally {
      clients.shutdownNow();
    }
  }

  private static Void visit(TestServer server, Play play, String path, Duration patience)
      throws Exception {
    try (Visit client = Visit.of(server, play)) {
      client.take(path + "?asked=answered");
      play.awaitFree(PATIENCE.dividedBy(2));
      play.awaitOver(patience);
      return null;
    }
  }

  private static void deploy(TestApplication app, List<Play> plays, boolean filtered) {
    app.customize(
        Undertow.Builder.class,
        builder -> builder.setIoThreads(2 * CLIENTS).setWorkerThreads(2 * CLIENTS));
    app.filter("first", first(plays), Map.of(), true, MAPPED, "/*");
    for (Site site : Site.values()) {
      if (filtered) {
        String name = "safe-async at " + site;
        app.filter(name, new SafeAsyncFilter(), site.settings(), true, MAPPED, site.path() + "/*");
      }
      app.errorPage(CycleApplications.PAGED + site.ordinal(), site.path() + "/page");
      app.handler(site.path() + "/page", (in, out) -> serve(plays, in, out));
      for (SmallApplication each : applications()) {
        Handler handler = (in, out) -> serve(plays, in, out);
        String pattern = site.path() + "/" + each.name() + "/*";
        if (each.name().equals("parts")) {
          app.multipart(pattern, handler);
        } else {
          app.handler(pattern, handler);
        }
      }
    }
    app.handler("/after", (in, out) -> out.getWriter().write("after"));
  }

  private static void serve(
      List<Play> plays, HttpServletRequest in, jakarta.servlet.http.HttpServletResponse out)
      throws java.io.IOException, jakarta.servlet.ServletException {
    Play play = playOf(plays, in);
    if (in.getDispatcherType() == DispatcherType.REQUEST) {
      play.serves(in);
    }
    play.servlet(
        "servlet of " + in.getDispatcherType(),
        () -> play.application().part().serve(play, in, out));
  }

  private static Play playOf(List<Play> plays, HttpServletRequest in) {
    Object failed = in.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
    String path = failed == null ? in.getRequestURI() : failed.toString();
    return plays.get(Integer.parseInt(path.substring(path.lastIndexOf('/') + 1)));
  }

  /** Knows where the container's thread is. */
  private static Filter first(List<Play> plays) {
    return (in, out, chain) -> {
      HttpServletRequest request = (HttpServletRequest) in;
      if (request.getRequestURI().equals("/after")) {
        chain.doFilter(in, out);
        return;
      }
      Play play = playOf(plays, request);
      play.enters();
      try {
        chain.doFilter(in, out);
      } finally {
        play.leaves();
      }
    };
  }

  /** The kinds of lines above INFO, each with one of them. */
  private static Map<String, String> logged(Logs logs) {
    Formatter formatter = new SimpleFormatter();
    Map<String, String> kinds = new TreeMap<>();
    for (LogRecord each : logs.aboveInfo()) {
      kinds.putIfAbsent(kind(each), formatter.format(each));
    }
    return kinds;
  }

  /** A line without what changes from one request, or Servlet version, to the next. */
  private static String kind(LogRecord line) {
    String thrown = line.getThrown() == null ? "" : " " + Play.family(line.getThrown());
    String words =
        Arrays.stream(String.valueOf(line.getMessage()).split("\\W+"))
            .filter(each -> each.matches("[A-Za-z]+"))
            .limit(5)
            .collect(Collectors.joining(" "));
    return "log: "
        + line.getLevel()
        + " "
        + line.getLoggerName().replaceAll("ee1[01]", "ee")
        + thrown
        + " "
        + words;
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void hangUp_showsWhatTheContainerShows_orTheSameEarlier_G13(
      Container container, Transport transport) throws Exception {
    List<Play> plays = plays(container, transport);
    Shown without = play(container, transport, plays, Shown.NOTHING, false);
    Shown behind = play(container, transport, copies(plays), without, true);
    List<Play> again = new ArrayList<>();
    for (Deviation each : deviations(container, transport, without, behind)) {
      again.addAll(Collections.nCopies(AGAIN, each.play()));
    }
    if (!behind.louder(without).isEmpty()) {
      again.addAll(plays);
    }
    without.add(play(container, transport, copies(again), Shown.NOTHING, false));

    Set<String> different = new TreeSet<>();
    deviations(container, transport, without, behind)
        .forEach(each -> different.add(each.toString()));
    if (Tries.areAll()) {
      System.out.printf(
          "accepted on %s %s: %s%n",
          container, transport, accepted(all(container, transport, without, behind)));
    } else if (!different.isEmpty()) {
      // What is seen once in many is for the long form to count, which fails on each.
      Set<String> recurring = new TreeSet<>();
      deviations(
              container,
              transport,
              without,
              play(container, transport, copies(again), without, true))
          .forEach(each -> recurring.add(each.toString()));
      different.forEach(each -> System.out.println("seen once, or more: " + each));
      different.retainAll(recurring);
    }
    behind.louder(without).forEach((kind, line) -> different.add(kind + "\n" + line));
    assertThat(String.join("\n", different))
        .as("differences of %s on %s", container, transport)
        .isEmpty();
  }

  /** What was seen behind the filter alone, for no accepted reason. */
  private static List<Deviation> deviations(
      Container container, Transport transport, Shown without, Shown behind) {
    List<Deviation> all = all(container, transport, without, behind);
    all.removeIf(each -> !Accepted.of(each).isEmpty());
    return all;
  }

  /** How often each accepted reason was met, and how often it was the only one. */
  private static String accepted(List<Deviation> all) {
    Map<Accepted, Integer> met = new EnumMap<>(Accepted.class);
    Map<Accepted, Integer> alone = new EnumMap<>(Accepted.class);
    for (Deviation each : all) {
      List<Accepted> reasons = Accepted.of(each);
      reasons.forEach(reason -> met.merge(reason, 1, Integer::sum));
      if (reasons.size() == 1) {
        alone.merge(reasons.get(0), 1, Integer::sum);
      }
    }
    return met + ", alone " + alone;
  }

  private static List<Deviation> all(
      Container container, Transport transport, Shown without, Shown behind) {
    List<Deviation> all = new ArrayList<>();
    behind
        .plays()
        .forEach(
            (name, plays) -> {
              List<Seen> known = without.seen(name);
              Seen whole = without.seen(plays.get(0).ofClientThatStays()).get(0);
              for (Play play : plays) {
                all.addAll(Deviation.of(container, transport, play, known, whole, play.seen()));
              }
            });
    return all;
  }
}
