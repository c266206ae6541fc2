package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** G12: java.lang.foreign is used where that was allowed before, and no JVM is made to warn. */
class NativeAccessIT {

  private static final String LOGGING = "java.util.logging.config.file";

  @ParameterizedTest
  @EveryContainer
  void notEnabled_theTextIsRead_andTheJvmSaysNothing_G6_G12(Container container) throws Exception {
    assumeJdk(22);
    assertThat(server(container))
        .contains("FIN noticed by selector + /proc/net/tcp")
        .contains("off: sock_diag (native access is not enabled)")
        .doesNotContainIgnoringCase("warning");
  }

  @ParameterizedTest
  @EveryContainer
  void denied_theTextIsRead_andNothingFails_G6_G12(Container container) throws Exception {
    assumeJdk(24);
    assertThat(server(container, "--illegal-native-access=deny"))
        .contains("FIN noticed by selector + /proc/net/tcp")
        .contains("off: sock_diag (native access is not enabled)")
        .doesNotContainIgnoringCase("warning");
  }

  @ParameterizedTest
  @EveryContainer
  void enabled_theKernelIsAsked_andTheJvmSaysNothing_G6_G12(Container container) throws Exception {
    assumeJdk(22);
    assertThat(server(container, "--enable-native-access=ALL-UNNAMED"))
        .contains("FIN noticed by selector + sock_diag")
        .doesNotContain("off:")
        .doesNotContainIgnoringCase("warning");
  }

  /** Without which the silence above would prove nothing. */
  @Test
  void notEnabled_theJvmWarnsOfWhoeverDoesNotAsk() throws Exception {
    assumeJdk(22);
    assertThat(jvm(Careless.class, List.of())).contains("WARNING").contains("opened");
  }

  private static void assumeJdk(int least) {
    assumeTrue(
        Runtime.version().feature() >= least,
        () -> "this is JDK " + Runtime.version() + ", and what is tested came with " + least);
  }

  /** Answers all that a JVM of its own says, in which a client hangs up. */
  private static String server(Container container, String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    if (container == Container.UNDERTOW && Runtime.version().feature() >= 24) {
      // Its own threads use Unsafe, of which these JDKs warn.
      all.add("--sun-misc-unsafe-memory-access=allow");
    }
    return jvm(Server.class, all, container.name());
  }

  private static String jvm(Class<?> main, List<String> options, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    for (String property : new String[] {LOGGING, "basedir", "safeasync.containers"}) {
      command.add("-D" + property + "=" + System.getProperty(property, ""));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  /** Opens what the judge opens, without a look at whether that is allowed. */
  static final class Careless {

    private Careless() {}

    public static void main(String[] arguments) throws Exception {
      Method open =
          Class.forName("io.github.safeasync.detect.NativeSocket").getDeclaredMethod("openNetlink");
      open.setAccessible(true);
      try (AutoCloseable socket = (AutoCloseable) open.invoke(null)) {
        System.out.println("opened " + socket);
      }
    }
  }

  /** The whole of a server's life with one client. */
  static final class Server {

    private Server() {}

    public static void main(String[] arguments) throws Exception {
      try (Logs logs = Logs.capture();
          Site site = Site.start(Container.valueOf(arguments[0]));
          RawClient client = RawClient.connect(site.server())) {
        client.get("/take");
        Witness witness = Witness.of(site.take());
        site.awaitWatching(1);
        client.closeFin();
        witness.noticedInTheTable(Evidence.FIN);
        System.out.println(witness.departure());
        logs.lines(Level.INFO).forEach(System.out::println);
      }
      System.exit(0); // Containers' threads may stay for a while.
    }
  }
}
