package io.github.safeasync.detection;

import static io.github.safeasync.detection.ServerJvm.count;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RenamedMember;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * G6, G7, G12: what the system, the JVM or the container really refuses is left out, and the next
 * layer serves. That is said once, and no request meets an exception.
 */
public class RefusalsIT {

  /** One a filter. */
  private static final int HANGUPS = 2;

  /** Lines that each filter says: what is on and off, and that it was stopped. */
  private static final int STARTS_AND_STOPS = 4;

  /** In a mount namespace of its own an empty directory is put over the tables of the process. */
  public static final List<String> NO_TABLES =
      List.of("unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc/$$/net && exec \"$@\"", "sh");

  /** As hardened services have it: only what belongs to processes is shown. */
  private static final List<String> ONLY_PROCESSES =
      List.of(
          "unshare", "-m", "sh", "-c", "mount -t proc -o subset=pid p /proc && exec \"$@\"", "sh");

  /** A seccomp filter: socket(AF_NETLINK, ...) fails with EAFNOSUPPORT, all else is allowed. */
  private static final List<String> NO_NETLINK =
      List.of(
          "perl",
          "-e",
          """
          my $filter = join "", map { pack("SCCL", @$_) }
              [0x20, 0, 0, 0], [0x15, 0, 3, 41], [0x20, 0, 0, 16], [0x15, 0, 1, 16],
              [0x06, 0, 0, 0x00050000 | 97], [0x06, 0, 0, 0x7fff0000];
          syscall(157, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
          syscall(157, 22, 2, pack("S x6 P", 6, $filter), 0, 0) == 0 or die "seccomp: $!";
          exec @ARGV or die "exec: $!";
          """);

  @ParameterizedTest
  @EveryContainer
  void noTable_repeatedLooksTell_G6_G7_G12(Container container) throws Exception {
    assumeRuns(NO_TABLES);
    String said = ServerJvm.of(container).under(NO_TABLES).run();
    assertThat(count(said, "PUSH: FIN noticed by selector + repeated looks")).isEqualTo(HANGUPS);
    assertThat(startOf(said))
        .contains("detection on: selector, poll flags, repeated looks, quick acks, spaced looks, ")
        .contains("sock_diag (")
        .contains("/proc/net/tcp (java.io.FileNotFoundException");
    assertThat(count(said, "said: ")).as(said).isEqualTo(STARTS_AND_STOPS);
  }

  @ParameterizedTest
  @MethodSource("first")
  void noTableAndAnUnknownContainer_onlyAWriteTells_G7_G12(Container container) throws Exception {
    assumeRuns(NO_TABLES);
    String said = ServerJvm.of(container).under(NO_TABLES).feature(ServerJvm.BARE).run();
    assertThat(count(said, "ON_WRITE: ")).as(said).isEqualTo(HANGUPS);
    assertThat(count(said, "has no channel that can be reached")).as(said).isEqualTo(1);
    assertThat(count(said, "said: ")).as(said).isEqualTo(STARTS_AND_STOPS + 1);
  }

  @ParameterizedTest
  @MethodSource("last")
  void onlyProcessesBelowProc_theTableIsReadAllTheSame_G6(Container container) throws Exception {
    assumeRuns(ONLY_PROCESSES);
    String said = ServerJvm.of(container).under(ONLY_PROCESSES).feature(ServerJvm.UNREAD).run();
    assertThat(count(said, "PUSH: FIN noticed by selector + /proc/net/tcp"))
        .as(said)
        .isEqualTo(HANGUPS);
  }

  @ParameterizedTest
  @MethodSource("last")
  void netlinkRefused_theTextIsRead_G6_G12(Container container) throws Exception {
    int feature = Runtime.version().feature();
    assumeTrue(feature >= 22, () -> "this is JDK " + feature + ": netlink is used from 22 on");
    String machine = System.getProperty("os.arch");
    assumeTrue(machine.equals("amd64"), () -> "the filter is made for amd64, not " + machine);
    assumeRuns(NO_NETLINK);
    String said =
        ServerJvm.of(container)
            .under(NO_NETLINK)
            .option("--enable-native-access=ALL-UNNAMED")
            .feature(ServerJvm.UNREAD)
            .run();
    assertThat(count(said, "PUSH: FIN noticed by selector + /proc/net/tcp"))
        .as(said)
        .isEqualTo(HANGUPS);
    assertThat(startOf(said)).contains("off: sock_diag (netlink is refused, errno 97)");
    assertThat(count(said, "said: ")).as(said).isEqualTo(STARTS_AND_STOPS);
  }

  @ParameterizedTest
  @MethodSource("last")
  void noModuleForKeepalive_theRestWorks_andItIsSaidOnce_G6_G12(Container container)
      throws Exception {
    String said =
        ServerJvm.of(container)
            .option("--limit-modules=java.se,jdk.unsupported")
            .feature(ServerJvm.KEEPALIVE)
            .run();
    assertThat(count(said, "PUSH: FIN noticed by selector + repeated looks"))
        .as(said)
        .isEqualTo(HANGUPS);
    assertThat(count(said, "TCP keepalive cannot be set here and is left out")).isEqualTo(1);
    assertThat(count(said, "said: ")).as(said).isEqualTo(STARTS_AND_STOPS + 1);
  }

  /** What the system refuses is the same below each. */
  private static Stream<Container> first() {
    return Container.available().stream().limit(1);
  }

  private static Stream<Container> last() {
    return Container.available().stream().skip(Container.available().size() - 1L);
  }

  private static Stream<Arguments> renamedMembers() {
    return Container.available().stream()
        .flatMap(
            container ->
                members(container).stream().map(member -> Arguments.of(container, member)));
  }

  /** One without which nothing is known, and one without which the channel is not. */
  private static List<String> members(Container container) {
    if (container.isJetty()) {
      return List.of("getServletRequestInfo", "getEndPoint");
    }
    return container.isTomcat()
        ? List.of("getCoyoteRequest", "socketWrapper")
        : List.of("getExchange", "conduit");
  }

  @ParameterizedTest
  @MethodSource("renamedMembers")
  void aMemberOfTheContainerHasAnotherName_theTableIsPolled_G6_G7_G12(
      Container container, String member) throws Exception {
    try (RenamedMember renamed = RenamedMember.of(container, member)) {
      String said = ServerJvm.of(container).classPath(renamed.classPath()).run();
      assertThat(count(said, "POLL: FIN noticed by polling + /proc/net/tcp"))
          .as(said)
          .isEqualTo(HANGUPS);
      assertThat(count(said, "has no channel that can be reached")).as(said).isEqualTo(1);
      assertThat(count(said, "said: ")).as(said).isEqualTo(STARTS_AND_STOPS + 1);
    }
  }

  /** The line of one filter's start. */
  private static String startOf(String said) {
    List<String> starts =
        said.lines().filter(line -> line.contains("; detection ")).distinct().toList();
    assertThat(starts).as(said).hasSize(1);
    return starts.get(0);
  }

  public static void assumeRuns(List<String> wrapper) throws Exception {
    List<String> command = new ArrayList<>(wrapper);
    command.add("true");
    String why = "cannot be started";
    boolean runs = false;
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      why = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      runs = process.waitFor() == 0;
    } catch (IOException notInstalled) {
      why = notInstalled.getMessage();
    }
    assumeTrue(runs, "the system cannot be made to refuse it here: " + why);
  }
}
