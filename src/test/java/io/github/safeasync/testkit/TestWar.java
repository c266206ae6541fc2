package io.github.safeasync.testkit;

import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;

/** Packs a WAR with the library in WEB-INF/lib, for tests of deployed applications. */
public final class TestWar {
  private TestWar() {}

  /**
   * Packs a WAR.
   *
   * @param war the file to make
   * @param webXml the whole of WEB-INF/web.xml
   * @param classes what goes to WEB-INF/classes, nested classes not included
   */
  public static Path pack(Path war, String webXml, Class<?>... classes) throws IOException {
    try (FileSystem zip = FileSystems.newFileSystem(war, Map.of("create", "true"))) {
      Path inf = zip.getPath("WEB-INF");
      Files.createDirectories(inf.resolve("lib"));
      Files.writeString(inf.resolve("web.xml"), webXml, StandardCharsets.UTF_8);
      for (Class<?> each : classes) {
        String file = each.getName().replace('.', '/') + ".class";
        Path entry = inf.resolve("classes/" + file);
        Files.createDirectories(entry.getParent());
        try (InputStream in = each.getClassLoader().getResourceAsStream(file)) {
          Files.copy(in, entry);
        }
      }
      addLibrary(inf);
    }
    return war;
  }

  /**
   * The demo's WAR as the build packed it.
   *
   * @throws IllegalStateException if the build has not packed it yet, as in an IDE
   */
  public static Path demo() {
    Path war = Path.of(System.getProperty("safeasync.war", "target/safe-async-demo.war"));
    if (!Files.isRegularFile(war)) {
      throw new IllegalStateException("there is no " + war + ": mvn package makes it");
    }
    return war;
  }

  /** A web.xml of one servlet, asynchronous, at the root. */
  public static String webXml(Class<? extends HttpServlet> servlet) {
    return """
    <?xml version="1.0" encoding="UTF-8"?>
    <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
      <servlet>
        <servlet-name>servlet</servlet-name>
        <servlet-class>%s</servlet-class>
        <async-supported>true</async-supported>
      </servlet>
      <servlet-mapping>
        <servlet-name>servlet</servlet-name>
        <url-pattern>/</url-pattern>
      </servlet-mapping>
    </web-app>
    """
        .formatted(servlet.getName());
  }

  /** Maven runs the tests with the library's jar, an IDE with its folder of classes. */
  private static void addLibrary(Path inf) throws IOException {
    Path library = library();
    if (Files.isRegularFile(library)) {
      Files.copy(library, inf.resolve("lib/safe-async.jar"));
      return;
    }
    Path target = inf.resolve("classes");
    try (Stream<Path> files = Files.walk(library)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        Path entry = target.resolve(library.relativize(each).toString());
        Files.createDirectories(entry.getParent());
        Files.copy(each, entry, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static Path library() throws IOException {
    try {
      String known = "/io/github/safeasync/Evidence.class";
      URI location = TestWar.class.getResource(known).toURI();
      String text = location.toString();
      String root =
          text.startsWith("jar:")
              ? text.substring("jar:".length(), text.indexOf("!"))
              : text.substring(0, text.length() - known.length());
      return Path.of(URI.create(root));
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }
}
