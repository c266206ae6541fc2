package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.detection.ServerJvm;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A server without a thread, a descriptor or a file of the kernel's left: each exchange is told and
 * closed, once, and when there is enough again all goes on.
 */
class StarvationIT {

  /** Its allocator takes what it needs from one place, and as little as it can. */
  private static final List<String> ONE_ARENA = List.of("env", "MALLOC_ARENA_MAX=1");

  private static final List<String> LIMITS_CAN_BE_SET =
      List.of("sh", "-c", "prlimit --pid $$ --as=unlimited: && prlimit --pid $$ --nofile=64:");

  private static final List<String> OPTIONS =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-Xmx128m",
          "-XX:ActiveProcessorCount=2",
          "-Xlog:os+thread=off",
          Shortage.STACK);

  private static final List<String> MOUNTS_OF_ITS_OWN = List.of("unshare", "-m");

  /** Where it may not mount, this is left out. */
  private static final boolean MAY_MOUNT =
      runs(List.of("unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc && umount /proc"));

  private static boolean runs(List<String> command) {
    try {
      Process tried =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return tried.waitFor() == 0;
    } catch (IOException missing) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void shortagesAreBorne_andAllGoesOn_G2_G4_G6_G13(Container container) throws Exception {
    assumeTrue(runs(LIMITS_CAN_BE_SET), () -> LIMITS_CAN_BE_SET + " cannot be run");
    List<String> wrapper = new ArrayList<>(MAY_MOUNT ? MOUNTS_OF_ITS_OWN : List.of());
    wrapper.addAll(ONE_ARENA);
    List<String> arguments = new ArrayList<>(List.of(container.name()));
    Stream.of(Shortage.values())
        .filter(each -> each != Shortage.PROC || MAY_MOUNT)
        .map(Shortage::name)
        .forEach(arguments::add);
    String said =
        ServerJvm.run(
            wrapper,
            OPTIONS,
            System.getProperty("java.class.path"),
            StarvedServer.class,
            arguments);
    assertThat(ServerJvm.count(said, " borne")).as(said).isEqualTo(arguments.size() - 1);
    assertThat(said).contains("unable to create native thread");
    assertThat(ServerJvm.count(said, "warned: No thread ")).as(said).isBetween(1, 2);
    assertThat(ServerJvm.count(said, "DESCRIPTORS warned: ")).as(said).isEqualTo(1);
    assertThat(said).contains("DESCRIPTORS warned: An exchange failed").contains("Too many open");
    assertThat(ServerJvm.count(said, "PROC warned: ")).as(said).isZero();
  }
}
