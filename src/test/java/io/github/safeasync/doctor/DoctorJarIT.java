package io.github.safeasync.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor as a person starts it: {@code java -jar}. */
class DoctorJarIT {

  private static final Path JAR =
      Path.of(
          System.getProperty("safeasync.doctor", "target/safe-async-0.1.0-SNAPSHOT-doctor.jar"));

  @TempDir private Path directory;

  private record Ended(int status, String out, String err) {}

  private Ended run(String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", JAR.toString()));
    command.addAll(List.of(words));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @Test
  void jar_checksAServer_andSaysItInOneLineOfJson() throws Exception {
    try (TestServer server =
        DoctorIT.started(Container.available().iterator().next(), Transport.H2)) {
      String url = server.uri("/doctor").toString();
      Ended ended = run("--insecure", "--json", url);

      assertThat(ended.status).as(ended.toString()).isEqualTo(0);
      assertThat(ended.out)
          .startsWith("{\"url\":\"" + url + "\",")
          .matches(
              "(?s).*\\{\"hangUp\":\"HTTP2_RESET\",\"verdict\":\"PROPAGATES\",\"millis\":\\d+,.*")
          .endsWith("}]}\n");
      assertThat(ended.err.lines()).hasSize(4);

      Ended distrusting = run(url);
      assertThat(distrusting.status).isEqualTo(2);
      assertThat(distrusting.out).contains("use --insecure");
    }
  }

  @Test
  void jar_withoutArguments_saysHowItIsUsed() throws Exception {
    Ended ended = run();

    assertThat(ended.status).isEqualTo(2);
    assertThat(ended.err).contains("The URL of the DoctorServlet is missing.", "Usage: java -jar");
    assertThat(ended.out).isEmpty();
  }

  @Test
  void jar_holdsTheDoctorAndItsLicence() throws Exception {
    try (JarFile jar = new JarFile(JAR.toFile())) {
      assertThat(jar.stream().map(JarEntry::getName).filter(name -> !name.endsWith("/")))
          .allMatch(
              name ->
                  name.startsWith("META-INF/")
                      || name.startsWith("io/github/safeasync/doctor/client/"))
          .contains("META-INF/LICENSE", "io/github/safeasync/doctor/client/Doctor.class");
    }
  }
}
