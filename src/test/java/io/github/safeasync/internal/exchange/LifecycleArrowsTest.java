package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Does all that can be done in every state that is reached, and compares with what is drawn. */
class LifecycleArrowsTest {

  private static final Path SOURCE =
      Path.of("src/main/java", Lifecycle.class.getName().replace('.', '/') + ".java");

  /** A line of a table: phase or completer, transition, those that it leads to. */
  private static final Pattern ROW = Pattern.compile(" \\* +([A-Z]+) +(\\w+) +→ ([A-Z, ]+)\\n");

  /** More than one call, read or callback at a time leads to no other phase. */
  private static final Pattern LARGE =
      Pattern.compile(
          "below=Call|reads=2|calls=Call.*(reads=1|callbacks=Call)|reads=1.*callbacks=Call");

  private static final End COMPLETED = End.of(End.Kind.COMPLETED, Duration.ZERO);
  private static final End TIMED_OUT = End.of(End.Kind.TIMED_OUT, Duration.ZERO);
  private static final End GONE = SomeEnd.of(End.Kind.DISCONNECTED, Duration.ZERO);

  /** Whose the completion is, as a state says it of itself. */
  private static final Pattern COMPLETING = Pattern.compile("completing=(\\w+)");

  private record Step(String name, Consumer<Lifecycle> action) {}

  private static final List<Step> STEPS =
      List.of(
          new Step("starting", Lifecycle::starting),
          new Step("started", Lifecycle::started),
          new Step("notStarted", Lifecycle::notStarted),
          new Step("enter", Lifecycle::enter),
          new Step("enterToSend", Lifecycle::enterToSend),
          new Step("enterToAsk", Lifecycle::enterToAsk),
          new Step("enterToFail", Lifecycle::enterToFail),
          new Step("exit", Lifecycle::exit),
          new Step("enterToRead", Lifecycle::enterToRead),
          new Step("exitRead", Lifecycle::exitRead),
          new Step("abandonReads", Lifecycle::abandonReads),
          new Step("enterCallback", Lifecycle::enterCallback),
          new Step("exitCallback", Lifecycle::exitCallback),
          new Step("dispatching", Lifecycle::dispatching),
          new Step("claimDispatch", Lifecycle::claimDispatch),
          new Step("claimDispatchInside", Lifecycle::claimDispatchInside),
          new Step("notDispatched", Lifecycle::notDispatched),
          new Step("arrive", Lifecycle::arrive),
          new Step("arriveUnmapped", Lifecycle::arriveUnmapped),
          new Step("leaveChain", Lifecycle::leaveChain),
          new Step("depart", Lifecycle::depart),
          new Step("end", lifecycle -> lifecycle.end(COMPLETED)),
          new Step("end", lifecycle -> lifecycle.end(GONE)),
          new Step("end", lifecycle -> lifecycle.end(TIMED_OUT, true)),
          new Step("leaveToContainer", Lifecycle::leaveToContainer),
          new Step("takenBack", Lifecycle::takenBack),
          new Step("dispatchingEnded", Lifecycle::dispatchingEnded),
          new Step("claimTell", Lifecycle::claimTell),
          new Step("claimTellElsewhere", Lifecycle::claimTellElsewhere),
          new Step("told", Lifecycle::told),
          new Step("toldWhileUnread", Lifecycle::toldWhileUnread),
          new Step("lingered", Lifecycle::lingered),
          new Step("claimClose", Lifecycle::claimClose),
          new Step("closed", Lifecycle::closed));

  /** What changes nothing: it asks, or waits. */
  private static final Set<String> QUESTIONS =
      Set.of(
          "awaitQuiet",
          "awaitReads",
          "awaitTold",
          "containerCompletes",
          "decidedEnd",
          "isClosable",
          "isContainersThread",
          "isFree",
          "isHeldUp",
          "isNew",
          "isOpen",
          "isSending",
          "isSendingElsewhere",
          "isServlet",
          "isStarting",
          "lets",
          "phase",
          "servlet",
          "startsEnded",
          "toString",
          "waitsForReads");

  private static Lifecycle after(List<Step> steps) {
    Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
    steps.forEach(step -> step.action.accept(lifecycle));
    return lifecycle;
  }

  private static boolean isTaken(Step step, Lifecycle lifecycle) {
    try {
      step.action.accept(lifecycle);
      return true;
    } catch (IllegalStateException misuse) {
      return false;
    }
  }

  private static String arrow(String from, String name, String to) {
    return from + " " + name + " → " + to;
  }

  private static String completing(String state) {
    Matcher found = COMPLETING.matcher(state);
    assertThat(found.find()).as(state).isTrue();
    return found.group(1);
  }

  private static Set<String> arrowsThatOccur() {
    Set<String> arrows = new TreeSet<>();
    Set<String> reached = new HashSet<>();
    Deque<List<Step>> ways = new ArrayDeque<>(List.of(List.of()));
    for (List<Step> way; (way = ways.poll()) != null; ) {
      for (Step step : STEPS) {
        Lifecycle lifecycle = after(way);
        Lifecycle.Phase before = lifecycle.phase();
        String completedBy = completing(lifecycle.toString());
        if (!isTaken(step, lifecycle)) {
          continue;
        }
        if (lifecycle.phase() != before) {
          arrows.add(arrow(before.name(), step.name, lifecycle.phase().name()));
        }
        String state = lifecycle.toString();
        if (!completing(state).equals(completedBy)) {
          arrows.add(arrow(completedBy, step.name, completing(state)));
        }
        if (!LARGE.matcher(state).find() && reached.add(state)) {
          List<Step> longer = new ArrayList<>(way);
          longer.add(step);
          ways.add(longer);
        }
      }
    }
    return arrows;
  }

  private static Set<String> arrowsDrawn() throws IOException {
    Set<String> arrows = new TreeSet<>();
    List<MatchResult> rows = ROW.matcher(Files.readString(SOURCE)).results().toList();
    for (MatchResult row : rows) {
      for (String to : row.group(3).strip().split(", ")) {
        arrows.add(arrow(row.group(1), row.group(2), to));
      }
    }
    return arrows;
  }

  /** So that no transition goes untried. */
  @Test
  void methods_thatAreNoQuestions_areSteps() {
    Set<String> methods =
        Arrays.stream(Lifecycle.class.getDeclaredMethods())
            .filter(each -> !Modifier.isPrivate(each.getModifiers()) && !each.isSynthetic())
            .map(Method::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    methods.removeAll(QUESTIONS);

    assertThat(methods).isEqualTo(STEPS.stream().map(Step::name).collect(Collectors.toSet()));
  }

  @Test
  void arrows_drawn_areThoseThatOccur() throws IOException {
    assertThat(arrowsDrawn()).isEqualTo(arrowsThatOccur());
  }
}
