package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one play behind the filter showed, and none of the same plays without it.
 *
 * @param what the name of the call, or "callbacks", "client", "threads"
 * @param without what was shown without the filter
 * @param isOfHeldThread whether a thread of the play's was not free at its end
 * @param whole what a call answers without the filter where the client stays, if it is made
 */
record Deviation(
    Container container,
    Transport transport,
    Play play,
    String what,
    Set<String> without,
    String behind,
    @Nullable String whole,
    boolean isOfHeldThread) {

  /** Compares all that a play has shown. */
  static List<Deviation> of(
      Container container,
      Transport transport,
      Play play,
      List<Seen> without,
      Seen whole,
      Seen behind) {
    boolean held = behind.threads().equals("held");
    List<Deviation> found = new ArrayList<>();
    Set<String> names = new TreeSet<>(behind.values().keySet());
    without.forEach(each -> names.addAll(each.values().keySet()));
    for (String name : names) {
      Set<String> known =
          without.stream()
              .map(each -> each.values().getOrDefault(name, NEVER))
              .collect(Collectors.toCollection(TreeSet::new));
      String seen = behind.values().getOrDefault(name, NEVER);
      boolean isLeftOut = known.equals(Set.of(NEVER)) || seen.equals(NEVER);
      if (!name.startsWith("in ") || !isLeftOut) {
        String stays = whole.values().get(name);
        found.add(new Deviation(container, transport, play, name, known, seen, stays, held));
      }
    }
    found.add(
        new Deviation(
            container,
            transport,
            play,
            "callbacks",
            shown(without, each -> each.callbacks().toString()),
            behind.callbacks().toString(),
            null,
            held));
    found.add(
        new Deviation(
            container,
            transport,
            play,
            "client",
            shown(without, Seen::client),
            behind.client(),
            null,
            held));
    found.add(
        new Deviation(
            container,
            transport,
            play,
            "threads",
            shown(without, Seen::threads),
            behind.threads(),
            null,
            held));
    found.removeIf(each -> each.without.contains(each.behind));
    return found;
  }

  /** In the place of an answer: the call was never made. */
  static final String NEVER = "never";

  private interface Part {
    String of(Seen seen);
  }

  private static Set<String> shown(List<Seen> plays, Part part) {
    return plays.stream().map(part::of).collect(Collectors.toCollection(TreeSet::new));
  }

  boolean isOf(String part) {
    return what.equals(part);
  }

  Point point() {
    return play.point();
  }

  Way way() {
    return play.way();
  }

  String application() {
    return play.application().name();
  }

  boolean without(String seen) {
    return without.contains(seen);
  }

  boolean behind(String seen) {
    return seen.equals(behind);
  }

  /** Whether the answer is that to a client that stays. */
  boolean isWhole() {
    return whole != null && whole.equals(behind);
  }

  boolean isUncheckedWithout() {
    return without("IllegalStateException") || without("NullPointerException");
  }

  /** Whether the container alone answers of a body that was cut off. */
  boolean isCutWithout() {
    return whole != null && !without(whole);
  }

  /** Whether behind the filter all up to the first completion is told. */
  boolean isToldToTheFirstCompletion(String callbacks) {
    List<String> told = listed(callbacks);
    int first = told.indexOf("onComplete");
    return listed(behind).equals(told.subList(0, first + 1));
  }

  /** Whether behind the filter one onError(IOException) is told more than here. */
  boolean isToldMore(String callbacks) {
    return Accepted.isLonger(listed(callbacks), listed(behind));
  }

  /** Whether nothing of these was done after the failure had been told. */
  boolean endsAtOnce(Set<String> skipped) {
    return isOf("callbacks")
        ? behind("[onError(IOException), onComplete]")
        : behind(NEVER) && skipped.contains(what);
  }

  private static List<String> listed(String callbacks) {
    String plain = callbacks.substring(1, callbacks.length() - 1);
    return plain.isEmpty() ? List.of() : List.of(plain.split(", "));
  }

  @Override
  public String toString() {
    return container
        + " "
        + transport
        + " "
        + play
        + ": "
        + what
        + "\n      without: "
        + String.join(" | ", without)
        + "\n       behind: "
        + behind;
  }
}
