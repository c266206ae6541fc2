package io.github.safeasync.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Everything at once, and nothing is lost, left behind, or heard by another. {@code
 * -Dsafeasync.seed=7} draws another storm, {@code -Dsafeasync.exchanges=5000} a longer one, {@code
 * -Dsafeasync.kinds=DISPATCH,EVENTS} one of these kinds alone. {@code -Dsafeasync.raw=true} plays
 * it without the filter, which harms much, and so with applications that know the Servlet API
 * alone; {@code -Dsafeasync.unchanged=true} plays the same behind it.
 */
class ChaosIT {

  private static final long SEED = Long.getLong("safeasync.seed", 1);
  private static final boolean RAW = Boolean.getBoolean("safeasync.raw");
  private static final boolean UNCHANGED = RAW || Boolean.getBoolean("safeasync.unchanged");

  /** On each transport. */
  private static final int COUNT =
      Integer.getInteger("safeasync.exchanges", Tries.areAll() ? 50_000 : 300);

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void storm_harmsNobodyAndLeavesNothing_G1_G2_G3_G4_G5_G7_G8(
      Container container, Transport transport) throws Exception {
    assumeTrue(Tries.areAll() || !transport.isHttp2(), "HTTP/2 is of the long form, for its time");
    Storm storm = new Storm(container, transport, SEED, !RAW, UNCHANGED);

    String told = storm.run(COUNT);

    System.out.println(told);
    assertThat(storm.ledger().faults()).as("%s%n%s", told, storm.ledger().trace()).isEmpty();
  }
}
