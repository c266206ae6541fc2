package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.demo.ModelServlet;
import io.github.safeasync.demo.TokensServlet;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;

/** The demo's stream of a model's tokens, of which nobody reads on. */
class TokensIT {

  /** One each 25 ms: a second, of which a quiet machine needs a tenth at most. */
  private static final int MOST_AFTERWARDS = 40;

  private static final Pattern SAID = Pattern.compile("\\{\"tokens\":(\\d+),\"running\":(\\w+)}");

  /** What the model says of a completion. */
  private record Bill(int tokens, boolean running) {}

  private static Bill bill(TestServer server, String id) throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      String said = client.get("/model/generated?id=" + id).readResponse().body();
      Matcher matcher = SAID.matcher(said);
      assertThat(matcher.matches()).as(said).isTrue();
      return new Bill(Integer.parseInt(matcher.group(1)), Boolean.parseBoolean(matcher.group(2)));
    }
  }

  /** What was generated when its client left, and in the end. */
  private record Left(int then, int inTheEnd) {
    int after() {
      return inTheEnd - then;
    }
  }

  private static Left billOfOneWhoLeft(TestServer server, String id, String client)
      throws Exception {
    int then;
    try (RawClient tab = RawClient.connect(server).get("/tokens?id=" + id + "&client=" + client)) {
      for (int tokens = 0; tokens < 3; ) {
        tokens += tab.readLine().startsWith("data:") ? 1 : 0;
      }
      Bill open = bill(server, id);
      assertThat(open.running()).isTrue();
      then = open.tokens();
      tab.closeFin();
    }
    // Each look is a connection of its own, which stays in the kernel's table for a minute.
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(100))
        .until(() -> !bill(server, id).running());
    return new Left(then, bill(server, id).tokens());
  }

  @ParameterizedTest
  @EveryContainer
  void closedTab_stopsTheModel_whereTheClientIsWrapped(Container container) throws Exception {
    try (TestServer server =
        container.start(
            app ->
                app.filter(new SafeAsyncFilter())
                    .servlet("/model/*", new ModelServlet())
                    .servlet("/tokens", new TokensServlet()))) {
      Left wrapped = billOfOneWhoLeft(server, "one", "wrapped");
      Left plain = billOfOneWhoLeft(server, "two", "plain");
      System.out.printf(
          "%s: tokens of one who left after %d: %d more, and %d by an HTTP client as it is%n",
          container, wrapped.then(), wrapped.after(), plain.after());
      assertThat(wrapped.after()).isLessThanOrEqualTo(MOST_AFTERWARDS);
      assertThat(plain.inTheEnd()).isEqualTo(ModelServlet.LENGTH);
    }
  }
}
