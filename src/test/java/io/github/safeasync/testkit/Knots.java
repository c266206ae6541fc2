package io.github.safeasync.testkit;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * The knots of a class graph: sets of more than one node of which each depends on each other, be it
 * through others (its strongly connected components, by Tarjan's algorithm).
 */
public final class Knots {

  private final Map<String, Set<String>> graph;
  private final Map<String, Integer> indices = new HashMap<>();
  private final Map<String, Integer> lowest = new HashMap<>();
  private final Deque<String> stack = new ArrayDeque<>();
  private final Set<String> stacked = new HashSet<>();
  private final List<Set<String>> found = new ArrayList<>();

  private Knots(Map<String, Set<String>> graph) {
    this.graph = graph;
  }

  /**
   * Finds them.
   *
   * @param node the name of the node that a class belongs to
   * @param counts whether a dependency from one class to another is looked at
   */
  public static List<Set<String>> of(
      JavaClasses classes,
      Function<JavaClass, String> node,
      BiPredicate<JavaClass, JavaClass> counts) {
    Map<String, Set<String>> graph = new TreeMap<>();
    for (JavaClass type : classes) {
      Set<String> targets = graph.computeIfAbsent(node.apply(type), name -> new TreeSet<>());
      for (Dependency each : type.getDirectDependenciesFromSelf()) {
        JavaClass to = each.getTargetClass();
        if (classes.contain(to.getName()) && counts.test(type, to)) {
          targets.add(node.apply(to));
        }
      }
    }
    Knots knots = new Knots(graph);
    graph.keySet().stream().filter(each -> !knots.indices.containsKey(each)).forEach(knots::visit);
    return knots.found;
  }

  private void visit(String name) {
    int index = indices.size();
    indices.put(name, index);
    lowest.put(name, index);
    stack.push(name);
    stacked.add(name);
    for (String next : graph.get(name)) {
      if (!indices.containsKey(next)) {
        visit(next);
        lowest.merge(name, lowest.get(next), Math::min);
      } else if (stacked.contains(next)) {
        lowest.merge(name, indices.get(next), Math::min);
      }
    }
    if (lowest.get(name) == index) {
      take(name);
    }
  }

  private void take(String root) {
    Set<String> knot = new TreeSet<>();
    String each;
    do {
      each = stack.pop();
      stacked.remove(each);
      knot.add(each);
    } while (!each.equals(root));
    if (knot.size() > 1) {
      found.add(knot);
    }
  }
}
