package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.Servlet;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Deploying packed WARs behind the containers' own class loaders. */
class WarIT {
  @TempDir private Path directory;

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void war_bringsItsOwnLibrary(Container container) throws Exception {
    Path war =
        TestWar.pack(
            directory.resolve("loader.war"),
            TestWar.webXml(LoaderServlet.class),
            LoaderServlet.class);
    String hidden =
        container.isJetty() ? "org.eclipse.jetty.server.Server" : "org.apache.coyote.Absent";
    try (Logs logs = Logs.capture();
        TestServer server = container.deployWar(war, "/app");
        RawClient client = RawClient.connect(server)) {
      assertThat(whoLoads(client, LoaderServlet.class.getName())).isEqualTo("war");
      assertThat(whoLoads(client, "io.github.safeasync.Evidence")).isEqualTo("war");
      assertThat(whoLoads(client, Container.class.getName())).isEqualTo("nobody");
      assertThat(whoLoads(client, Servlet.class.getName())).isEqualTo("server");
      assertThat(whoLoads(client, hidden)).isEqualTo("nobody");
      server.stopApplication();
      assertThat(client.get("/app/").readResponse().status()).isIn(404, 503);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void brokenWar_failsTheDeployment(Container container) throws Exception {
    String webXml =
        TestWar.webXml(LoaderServlet.class)
            .replace("<async", "<load-on-startup>1" + "</load-on-startup><async");
    Path war = TestWar.pack(directory.resolve("broken.war"), webXml);
    try (Logs expected = Logs.swallow()) {
      assertThatThrownBy(() -> container.deployWar(war, "").close())
          .hasStackTraceContaining("LoaderServlet");
    }
  }

  private static String whoLoads(RawClient client, String className) throws Exception {
    return client.get("/app/?" + className).readResponse().body();
  }
}
