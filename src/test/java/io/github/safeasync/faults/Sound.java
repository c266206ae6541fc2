package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.net.SocketTimeoutException;
import org.awaitility.core.ConditionFactory;

/** What is seen of a server after a fault. */
final class Sound {

  private Sound() {}

  /**
   * A container's thread may die of an Error, as it does without the library; and there may be no
   * thread to be had for the waiting.
   */
  static ConditionFactory await() {
    return Witness.await().dontCatchUncaughtExceptions().pollInSameThread();
  }

  /** The next request is answered, and the one after it is told of its hang-up. */
  static void goesOn(Site site, Object after) throws Exception {
    try (RawClient client = RawClient.connect(site.server()).get("/take")) {
      site.take().finish("sound");
      assertThat(client.readResponse().body()).as("after %s", after).isEqualTo("sound");
      client.get("/take");
      SafeAsyncResponse left = site.take();
      client.closeRst();
      assertThat(Site.endOf(left).kind()).as("after %s", after).isEqualTo(End.Kind.DISCONNECTED);
    }
    await().untilAsserted(() -> assertThat(site.exchanges().size()).as("%s", after).isZero());
  }

  /** An answer, or the end of the connection; not silence. */
  static void hears(RawClient client, Object after) throws IOException {
    try {
      int unused = client.read(new byte[10_000]);
    } catch (SocketTimeoutException silence) {
      throw new AssertionError("The client hears nothing after " + after, silence);
    } catch (IOException reset) {
      // As good as closed.
    }
  }
}
