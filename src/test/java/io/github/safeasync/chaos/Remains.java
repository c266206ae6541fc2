package io.github.safeasync.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a process holds: threads, and on Linux descriptors that are no files.
 *
 * @param descriptors how many
 * @param registered how many are registered with selectors, beside what wakes each of these up
 */
record Remains(Set<Long> threads, long descriptors, long registered) {

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Path DETAILS = Path.of("/proc/self/fdinfo");
  private static final String CLOSE_WAIT = "08";

  /** Those of the JVM and of the tests' clients, which nobody ends. */
  private static final Pattern OTHERS =
      Pattern.compile(
          "(http2-client|awaitility|ForkJoinPool|Common-Cleaner|process reaper|Attach|Cleaner|JFR).*");

  static Remains now() throws IOException {
    Set<Long> threads = running().map(Thread::getId).collect(Collectors.toSet());
    return new Remains(threads, open().size(), registrations());
  }

  private static Stream<Thread> running() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(each -> !OTHERS.matcher(each.getName()).matches());
  }

  /** What there is now and was not then; empty if there is nothing. */
  List<String> since() throws IOException {
    List<String> more = new ArrayList<>();
    running().filter(each -> !threads.contains(each.getId())).forEach(each -> more.add("" + each));
    List<String> open = open();
    if (open.size() > descriptors) {
      more.add(open.size() - descriptors + " descriptors: " + open);
    }
    return more;
  }

  /** How many descriptors are registered with selectors that were not then. */
  long registeredSince() throws IOException {
    return registrations() - registered;
  }

  private static List<String> open() throws IOException {
    return list(DESCRIPTORS).stream()
        .map(Remains::target)
        .filter(Predicate.not(target -> target.startsWith("/") || target.isEmpty()))
        .toList();
  }

  private static long registrations() throws IOException {
    long count = 0;
    for (Path each : list(DESCRIPTORS)) {
      if (target(each).contains("eventpoll")) {
        count +=
            lines(DETAILS.resolve(each.getFileName()))
                .filter(line -> line.startsWith("tfd"))
                .skip(1)
                .count();
      }
    }
    return count;
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file).stream() : Stream.of();
    } catch (IOException closedMeanwhile) {
      return Stream.of();
    }
  }

  /** How many sockets of a port wait for this process to close them. */
  static long closeWaits(int port) {
    String local = String.format(":%04X", port);
    return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
        .flatMap(table -> lines(Path.of(table)))
        .map(line -> line.strip().split("\\s+"))
        .filter(row -> row.length > 3 && row[1].endsWith(local) && row[3].equals(CLOSE_WAIT))
        .count();
  }
}
