package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.RawResponse.End;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** The library in a WAR, behind a loader that, on Jetty, hides the container's classes. */
class ConnectionWarIT {
  private static final String WEB_XML =
      """
      <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
        <servlet>
          <servlet-name>look</servlet-name>
          <servlet-class>%s</servlet-class>
          <async-supported>true</async-supported>
        </servlet>
        <servlet-mapping>
          <servlet-name>look</servlet-name>
          <url-pattern>/look</url-pattern>
        </servlet-mapping>
      </web-app>
      """
          .formatted(WarServlet.class.getName());

  @TempDir Path directory;

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void behind_fromAWar_reachesTheConnection(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = container.deployWar(war(), "/app");
        RawClient client = RawClient.connect(server)) {
      String hidden = "org.eclipse.jetty.server.Server";
      RawResponse look = client.get("/app/look?see=" + hidden).readResponse();
      assertThat(look.body())
          .isEqualTo(
              "container %s, port %d, lock %b, own copy true, server class %b",
              container.isTomcat() ? "Tomcat" : "Jetty",
              client.localPort(),
              container.isTomcat(),
              container.isTomcat());

      RawResponse aborted = client.get("/app/look?abort=now&see=" + hidden).readResponse();
      assertThat(aborted.end()).isEqualTo(End.TRUNCATED);
      logs.assertQuiet();
    }
  }

  private Path war() throws IOException {
    return TestWar.pack(directory.resolve("look.war"), WEB_XML, WarServlet.class);
  }
}
