package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What this JVM is short of. Another process lowers its limits below what it has by then, whatever
 * the machine gives: so nothing that comes free meanwhile can be had again.
 */
enum Shortage {
  /**
   * There is no room for the stack of another one. First, as one filter has none of its own yet.
   */
  THREADS {
    @Override
    void begin() throws Exception {
      do {
        Shell.SHELL.limit("as", settledSize() + ROOM);
      } while (canStart());
    }

    /** The address space in bytes, once no thread is on its way out. */
    private long settledSize() throws Exception {
      long size = size();
      for (int same = 0; same < 10; ) {
        TimeUnit.MILLISECONDS.sleep(20);
        long now = size();
        same = now == size ? same + 1 : 0;
        size = now;
      }
      return size;
    }

    private long size() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmSize:"))
              .map(line -> line.replaceAll("[^0-9]", ""))
              .mapToLong(Long::parseLong)
              .sum()
          << 10;
    }

    private boolean canStart() throws InterruptedException {
      Thread another = new Thread(() -> {}, "another");
      try {
        another.start();
      } catch (OutOfMemoryError none) {
        System.out.println(none.getMessage());
        return false;
      }
      another.join();
      return true;
    }

    @Override
    void end() throws Exception {
      Shell.SHELL.lift("as");
    }
  },
  /** None is free below the limit. */
  DESCRIPTORS {
    private final List<Closeable> lowest = new ArrayList<>();

    @Override
    void prepare() throws Exception {
      Shell.SHELL.limit("nofile", LOWEST);
      while (canOpen()) {
        lowest.add(new FileInputStream("/dev/null"));
      }
      Shell.SHELL.lift("nofile");
    }

    private boolean canOpen() {
      try (Closeable unused = new FileInputStream("/dev/null")) {
        return true;
      } catch (IOException none) {
        return false;
      }
    }

    @Override
    void begin() throws Exception {
      Shell.SHELL.limit("nofile", LOWEST);
      assertThat(canOpen()).isFalse();
    }

    @Override
    void end() throws Exception {
      Shell.SHELL.lift("nofile");
    }

    @Override
    boolean hitsFiles() {
      return true;
    }

    @Override
    boolean isBorne() {
      return true;
    }
  },
  /** The file system is hidden behind an empty one. */
  PROC {
    @Override
    void begin() throws Exception {
      Shell.SHELL.run("mount -t tmpfs none /proc");
      assertThat(Files.exists(Path.of("/proc/self"))).isFalse();
    }

    @Override
    void end() throws Exception {
      Shell.SHELL.run("umount /proc");
    }

    @Override
    boolean isBorne() {
      return true;
    }
  };

  /** What each thread takes of the address space. */
  static final String STACK = "-Xss128m";

  /** Less than a stack, and more than the JVM's own needs meanwhile. */
  private static final long ROOM = 96 << 20;

  /** Those below stay open, and no call polls as many. */
  private static final long LOWEST = 64;

  /** Has all that it needs, and changes this process from outside. */
  private static final class Shell {
    static final Shell SHELL = new Shell();

    private final Process process;

    Shell() {
      try {
        process = new ProcessBuilder("sh").redirectErrorStream(true).start();
        run("true"); // Loads the classes that it takes, which opens files.
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Allows this process so much from now on. */
    void limit(String resource, long value) throws IOException {
      set(resource, Long.toString(value));
    }

    /** Allows as much as the shell has. */
    void lift(String resource) throws IOException {
      set(
          resource,
          "$(prlimit --pid $$ --" + resource + " --output SOFT --noheadings | tr -d ' ')");
    }

    private void set(String resource, String value) throws IOException {
      run("prlimit --pid " + ProcessHandle.current().pid() + " --" + resource + "=" + value + ":");
    }

    void run(String command) throws IOException {
      process
          .getOutputStream()
          .write((command + "; echo $?\n").getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
      assertThat(process.getInputStream().read()).as(command).isEqualTo('0');
      assertThat(process.getInputStream().read()).isEqualTo('\n');
    }
  }

  /** Called before anything else opens files. */
  void prepare() throws Exception {}

  abstract void begin() throws Exception;

  abstract void end() throws Exception;

  /** Whether a file cannot be opened. */
  boolean hitsFiles() {
    return false;
  }

  /** Whether those who have left are told while it lasts. */
  boolean isBorne() {
    return false;
  }
}
