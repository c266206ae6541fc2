package io.github.safeasync.deploy;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.FlightRecords;
import io.github.safeasync.internal.exchange.CancelSettings;
import io.github.safeasync.internal.exchange.Cancellation;
import io.github.safeasync.internal.exchange.FilterScope;
import jakarta.servlet.FilterConfig;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A JVM need not have the modules java.sql, java.management and jdk.jfr. */
class WithoutJavaSqlTest {

  @Test
  void theLibraryWorksWhereThereIsNoJavaSql() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "--limit-modules",
                "java.base,jdk.net",
                "-cp",
                System.getProperty("java.class.path"),
                Application.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said)
        .contains(
            "java.sql is absent, the resource was closed",
            "a filter was installed and counts open 0",
            "nothing is recorded");
  }

  /** Binds a resource and reflects on the public API, as frameworks do. */
  static final class Application {

    private Application() {}

    public static void main(String[] arguments) throws Exception {
      FilterScope exchanges = new FilterScope(SafeAsyncConfig.defaults());
      Cancellation cancellation =
          new Cancellation(exchanges, CancelSettings.DEFAULTS, "GET", null, null);
      CompletableFuture<String> closed = new CompletableFuture<>();
      cancellation.bind(() -> closed.complete("the resource was closed"));
      cancellation.ended(
          End.disconnected(Departure.now(Evidence.FIN, "x"), java.time.Duration.ZERO, null));
      String closing = closed.get(10, SECONDS);
      SafeAsyncResponse.class.getMethods();
      CancellationToken.class.getMethods();
      try {
        Class.forName("java.sql.Statement");
      } catch (ClassNotFoundException e) {
        System.out.println("java.sql is absent, " + closing);
      }
      exchanges.shutDown();
      installFilter();
    }

    private static void installFilter() throws Exception {
      SafeAsyncFilter filter = SafeAsyncFilter.create(SafeAsyncConfig.defaults());
      filter.init(
          (FilterConfig)
              Proxy.newProxyInstance(
                  Application.class.getClassLoader(),
                  new Class<?>[] {FilterConfig.class},
                  (proxy, method, arguments) ->
                      switch (method.getName()) {
                        case "getFilterName" -> "alone";
                        case "getInitParameterNames" -> Collections.emptyEnumeration();
                        default -> null;
                      }));
      System.out.println("a filter was installed and counts " + filter.stats());
      System.out.println(FlightRecords.recordsEnds() ? "" : "nothing is recorded");
      filter.destroy();
    }
  }
}
