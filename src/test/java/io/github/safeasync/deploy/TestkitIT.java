package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar of the test kit is enough to test an application, beside JUnit, AssertJ and a server. */
class TestkitIT {

  private static final String KIT = System.getProperty("safeasync.testkit");
  private static final String LIBRARY = System.getProperty("safeasync.jar");
  private static final Path SOURCES = Path.of("src/testkit/java");

  @TempDir Path directory;

  /** The jars of this run that an application's own tests would have, without this project's. */
  private static Stream<String> others(Container container) {
    List<String> wanted =
        container.isJetty()
            ? List.of("jetty-", "slf4j-api")
            : List.of("tomcat-embed-core", "annotation-api", "tomcat-annotations");
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(each -> each.endsWith(".jar"))
        .filter(each -> !each.contains("jetty-http2") && !each.contains("jetty-alpn"))
        .filter(each -> !each.contains(container == Container.JETTY_EE10 ? "-ee11-" : "-ee10-"))
        .filter(
            each ->
                Stream.concat(
                        wanted.stream(),
                        Stream.of("junit-", "opentest4j", "assertj-core", "servlet-api"))
                    .anyMatch(Path.of(each).getFileName().toString()::contains));
  }

  @Test
  void jar_holdsTheKitAlone() throws IOException {
    try (JarFile jar = new JarFile(KIT)) {
      assertThat(jar.stream().filter(entry -> entry.getName().endsWith(".class")))
          .isNotEmpty()
          .allMatch(entry -> entry.getName().startsWith("io/github/safeasync/testkit/"))
          .noneMatch(entry -> entry.getName().endsWith("IT.class"));
      assertThat(jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
          .isEqualTo("io.github.safeasync.testkit");
    }
  }

  @Test
  void jar_holdsAllOfTheKit() throws IOException {
    try (JarFile jar = new JarFile(KIT);
        Stream<Path> sources = Files.walk(SOURCES)) {
      assertThat(
              sources
                  .map(each -> SOURCES.relativize(each).toString())
                  .filter(each -> each.endsWith(".java"))
                  .map(each -> each.replace(File.separatorChar, '/').replace(".java", ".class")))
          .isNotEmpty()
          .allMatch(each -> jar.getEntry(each) != null);
    }
  }

  @Test
  void jar_isEnoughForATest() throws Exception {
    for (Container container : Container.available()) {
      if (container.isJetty() || container.isTomcat()) {
        check(container);
      }
    }
  }

  private void check(Container container) throws Exception {
    String classPath =
        Stream.concat(Stream.of(KIT, LIBRARY), others(container))
            .collect(Collectors.joining(File.pathSeparator));
    compile(classPath);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                directory + File.pathSeparator + classPath,
                "SearchCheck")
            .redirectErrorStream(true)
            .directory(directory.toFile())
            .start();
    try (InputStream output = process.getInputStream()) {
      String said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      assertThat(said).contains(container + " FIN stops", container + " RST stops");
    } finally {
      process.destroyForcibly();
    }
  }

  private void compile(String classPath) throws IOException, URISyntaxException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    URL source = Objects.requireNonNull(TestkitIT.class.getResource("/testkit/SearchCheck.java"));
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      boolean compiled =
          compiler
              .getTask(
                  said,
                  files,
                  null,
                  List.of("-cp", classPath, "-d", directory.toString(), "-proc:none"),
                  null,
                  files.getJavaFileObjects(Path.of(source.toURI())))
              .call();
      assertThat(compiled).as(said.toString()).isTrue();
    }
  }
}
