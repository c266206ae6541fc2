package io.github.safeasync.chaos;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/** The exchanges of a storm; of those that went well no more than their number. Thread-safe. */
final class Ledger {

  private static final int SHOWN = 5;

  private final Work work;
  private final Map<Integer, Entry> open = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> ends = new ConcurrentHashMap<>();
  private final Map<Fault, LongAdder> faults = new ConcurrentHashMap<>();
  private volatile Set<Fault> tolerated = Set.of();
  private final List<String> shown = new CopyOnWriteArrayList<>();
  private final Map<Fault, Entry> faulty = new ConcurrentHashMap<>();

  Ledger(Work work) {
    this.work = work;
  }

  Work work() {
    return work;
  }

  Entry open(Plan plan) {
    Entry entry = new Entry(plan, this);
    open.put(plan.number(), entry);
    return entry;
  }

  /** Null if it has ended. */
  Entry entry(int number) {
    return open.get(number);
  }

  void settled(Entry entry) {
    open.remove(entry.plan().number());
  }

  void countEnd(String how) {
    ends.computeIfAbsent(how, each -> new LongAdder()).increment();
  }

  /** What is no fault from now on. */
  void tolerate(Set<Fault> some) {
    tolerated = some;
  }

  void found(Fault fault, Entry entry) {
    if (tolerated.contains(fault)) {
      return;
    }
    count(fault);
    faulty.putIfAbsent(fault, entry);
  }

  void found(Fault fault, String what) {
    if (tolerated.contains(fault)) {
      return;
    }
    count(fault);
    if (shown.size() < SHOWN) {
      shown.add(fault + ": " + what);
    }
  }

  private void count(Fault fault) {
    faults.computeIfAbsent(fault, each -> new LongAdder()).increment();
  }

  boolean isWaiting() {
    return open.values().stream().anyMatch(Entry::isWaiting);
  }

  /** Nothing more will happen: what has not ended yet never will. */
  void close() {
    open.values().forEach(Entry::close);
  }

  SortedMap<String, Long> ends() {
    SortedMap<String, Long> counts = new TreeMap<>();
    ends.forEach((how, count) -> counts.put(how, count.sum()));
    return counts;
  }

  Map<Fault, Long> faults() {
    Map<Fault, Long> counts = new EnumMap<>(Fault.class);
    faults.forEach((fault, count) -> counts.put(fault, count.sum()));
    return counts;
  }

  /** What is known of the first fault of each kind. */
  String trace() {
    StringBuilder text = new StringBuilder();
    shown.forEach(each -> text.append(each).append('\n'));
    faulty.forEach((fault, first) -> text.append(fault).append(": ").append(first).append('\n'));
    return text.toString();
  }
}
