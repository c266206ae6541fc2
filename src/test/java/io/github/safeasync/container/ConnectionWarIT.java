package io.github.safeasync.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.RawResponse.End;
import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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

  private Path war() throws IOException, URISyntaxException {
    Path war = directory.resolve("look.war");
    try (OutputStream file = Files.newOutputStream(war);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      add(zip, "WEB-INF/web.xml", WEB_XML.getBytes(StandardCharsets.UTF_8));
      addClasses(zip, place(Connections.class));
      addClass(zip, place(WarServlet.class), WarServlet.class);
    }
    return war;
  }

  private static void addClasses(ZipOutputStream zip, Path root) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(each -> each.toString().endsWith(".class")).toList();
    }
    for (Path each : files) {
      add(zip, "WEB-INF/classes/" + root.relativize(each), Files.readAllBytes(each));
    }
  }

  private static void addClass(ZipOutputStream zip, Path root, Class<?> type) throws IOException {
    String name = type.getName().replace('.', '/') + ".class";
    add(zip, "WEB-INF/classes/" + name, Files.readAllBytes(root.resolve(name)));
  }

  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  private static Path place(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
