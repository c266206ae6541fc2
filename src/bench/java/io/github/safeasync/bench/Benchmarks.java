package io.github.safeasync.bench;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Runs one benchmark, {@code mvn -q -Pbench -Dbench=NAME [-Dcount=1000]}, or without a name all of
 * them, and prints one table. Each is a process of its own, so that none finds the code of another
 * compiled; what it says goes to {@code target/bench/NAME.log}, its figures to {@code NAME.json}
 * and {@code NAME.svg} beside that, and what a pending request costs by how many there are to
 * {@code NAME-growth.svg}.
 */
public final class Benchmarks {

  private static final Path FOLDER = Path.of("target", "bench");

  /** Properties of this process that its children get as well. */
  private static final List<String> HANDED_ON =
      List.of(
          "pace",
          "transports",
          "kinds",
          "triggers",
          "millis",
          "bytes",
          "events",
          "noevents",
          "md5",
          "clients",
          "mark",
          "unknown",
          "bystanders",
          "seconds",
          "safeasync.classpath",
          "safeasync.containers");

  /** The rows and the work that make all of it last no longer than twenty minutes. */
  private static final List<String> SHORT =
      List.of(
          "-Dtransports=PLAIN,TLS13,H2C",
          "-Dkinds=FIN,RST,CLOSE_NOTIFY_FIN,RST_STREAM",
          "-Dtriggers=ALL",
          "-Dbytes=268435456",
          "-Devents=200000");

  private Benchmarks() {}

  /**
   * Runs what is asked for.
   *
   * @param arguments the benchmark's name or "all", and optionally how many requests
   */
  public static void main(String[] arguments) throws Exception {
    String name = arguments.length > 0 ? arguments[0] : "all";
    int count = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    List<Benchmark> chosen =
        name.equals("all")
            ? Arrays.stream(Benchmark.values()).filter(Benchmark::isInReport).toList()
            : Benchmark.named(name).stream().toList();
    if (chosen.isEmpty()) {
      System.err.println(
          "-Dbench must be all or one of " + Benchmark.names() + ", not \"" + name + "\"");
      System.exit(2);
    }
    Files.createDirectories(FOLDER);
    Path described = FOLDER.resolve("machine.txt");
    run("machine", List.of(), "machine", "0", described.toString());
    String machine = Files.readString(described).strip();
    Report all = new Report("all");
    for (Benchmark each : chosen) {
      boolean isShort = chosen.size() > 1;
      int requests = count > 0 ? count : isShort ? each.shortCount() : each.count();
      Report report = measure(each, requests, isShort ? SHORT : List.of());
      write(each.toString(), report, machine);
      all.addAll(report);
    }
    if (chosen.size() > 1) {
      write("report", all, machine);
      Files.writeString(FOLDER.resolve("report.txt"), all.table(machine));
    }
    System.out.print(all.table(machine));
  }

  private static Report measure(Benchmark each, int count, List<String> options)
      throws IOException, InterruptedException {
    String name = each.toString();
    Path rows = FOLDER.resolve(name + ".rows");
    Files.deleteIfExists(rows);
    String requests = Integer.toString(count);
    int status = run(name, options, name, requests, rows.toString());
    if (Files.exists(rows)) {
      return Report.load(name, rows);
    }
    Report failed = new Report(name);
    failed.missing("–", "all", "exit status " + status + ", see " + FOLDER + "/" + name + ".log");
    return failed;
  }

  private static void write(String name, Report report, String machine) throws IOException {
    Files.writeString(FOLDER.resolve(name + ".json"), report.json(machine));
    Files.writeString(FOLDER.resolve(name + ".svg"), report.svg(machine));
    String growth = report.growth(machine);
    if (growth != null) {
      Files.writeString(FOLDER.resolve(name + "-growth.svg"), growth);
    }
  }

  private static int run(String log, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Machine.java());
    if (isNativeAccessible()) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    for (String option : options) {
      if (System.getProperty(option.substring(2, option.indexOf('='))) == null) {
        command.add(option);
      }
    }
    for (String property : HANDED_ON) {
      if (System.getProperty(property) != null) {
        command.add("-D" + property + "=" + System.getProperty(property));
      }
    }
    command.addAll(List.of("-cp", classPath(), Benchmark.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(FOLDER.resolve(log + ".log").toFile())
            .start();
    try {
      return process.waitFor(20, TimeUnit.MINUTES) ? process.exitValue() : -1;
    } finally {
      process.destroyForcibly();
    }
  }

  /** {@code -Dnative=false} shows what a JVM without the option gets. */
  static boolean isNativeAccessible() {
    return Runtime.version().feature() >= 22 && !"false".equals(System.getProperty("native"));
  }

  /** Maven's plugin runs it in a class loader of its own. */
  private static String classPath() {
    return Benchmarks.class.getClassLoader() instanceof URLClassLoader loader
        ? Arrays.stream(loader.getURLs())
            .map(URL::getPath)
            .collect(Collectors.joining(File.pathSeparator))
        : System.getProperty("java.class.path");
  }
}
