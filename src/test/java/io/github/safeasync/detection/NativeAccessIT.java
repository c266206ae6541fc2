package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** G12: java.lang.foreign is used where that was allowed before, and no JVM is made to warn. */
class NativeAccessIT {

  @ParameterizedTest
  @EveryContainer
  void notEnabled_theTextIsRead_andTheJvmSaysNothing_G6_G12(Container container) throws Exception {
    assumeJdk(22);
    assertReadsTheText(ServerJvm.of(container).feature(ServerJvm.UNREAD));
  }

  @ParameterizedTest
  @MethodSource("first")
  void denied_theTextIsRead_andNothingFails_G6_G12(Container container) throws Exception {
    assumeJdk(24);
    assertReadsTheText(
        ServerJvm.of(container).option("--illegal-native-access=deny").feature(ServerJvm.UNREAD));
  }

  private static void assertReadsTheText(ServerJvm server) throws Exception {
    assertThat(server.run())
        .contains("FIN noticed by selector + /proc/net/tcp")
        .contains("off: sock_diag (native access is not enabled)")
        .doesNotContainIgnoringCase("warning");
  }

  @ParameterizedTest
  @MethodSource("first")
  void enabled_theKernelIsAsked_andTheJvmSaysNothing_G6_G12(Container container) throws Exception {
    assumeJdk(22);
    assertThat(ServerJvm.of(container).option("--enable-native-access=ALL-UNNAMED").run())
        .contains("FIN noticed by selector + sock_diag")
        .doesNotContain("off:")
        .doesNotContainIgnoringCase("warning");
  }

  private static Stream<Container> first() {
    return Container.available().stream().limit(1);
  }

  /** Without which the silence above would prove nothing. */
  @Test
  void notEnabled_theJvmWarnsOfWhoeverDoesNotAsk() throws Exception {
    assumeJdk(22);
    assertThat(
            ServerJvm.run(
                List.of(),
                List.of(),
                System.getProperty("java.class.path"),
                Careless.class,
                List.of()))
        .contains("WARNING")
        .contains("opened");
  }

  private static void assumeJdk(int least) {
    assumeTrue(
        Runtime.version().feature() >= least,
        () -> "this is JDK " + Runtime.version() + ", and what is tested came with " + least);
  }

  /** Opens what the table by netlink opens, without a look at whether that is allowed. */
  static final class Careless {

    private Careless() {}

    public static void main(String[] arguments) throws Exception {
      Method open =
          Class.forName("io.github.safeasync.internal.detect.NativeSocket")
              .getDeclaredMethod("openNetlink", int.class);
      open.setAccessible(true);
      try (AutoCloseable socket = (AutoCloseable) open.invoke(null, 8192)) {
        System.out.println("opened " + socket);
      }
    }
  }
}
