package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;

/** The jar is the same whatever JDK has built it. */
class JarIT {

  private static final int JAVA_17 = 61;

  private static JarFile jar() throws IOException {
    return new JarFile(System.getProperty("safeasync.jar"));
  }

  @Test
  void content_isForEveryJdk() throws IOException {
    try (JarFile jar = jar()) {
      List<JarEntry> classes =
          jar.stream().filter(entry -> entry.getName().endsWith(".class")).toList();
      assertThat(classes)
          .extracting(JarEntry::getName)
          .contains("io/github/safeasync/internal/detect/SockDiag.class")
          .allMatch(name -> name.startsWith("io/github/safeasync/"))
          .noneMatch(
              name -> name.matches("io/github/safeasync/(testkit|demo|bench|doctor/client)/.*"));
      for (JarEntry each : classes) {
        assertThat(version(jar, each)).as(each.getName()).isEqualTo(JAVA_17);
      }
    }
  }

  @Test
  void manifest_namesTheModule_andNoOtherVersions() throws IOException {
    try (JarFile jar = jar()) {
      Manifest manifest = jar.getManifest();
      assertThat(manifest.getMainAttributes().getValue("Automatic-Module-Name"))
          .isEqualTo("io.github.safeasync");
      assertThat(manifest.getMainAttributes().getValue("Multi-Release")).isNull();
    }
  }

  @Test
  void licence_comesAlong() throws IOException {
    try (JarFile jar = jar()) {
      assertThat(jar.getEntry("META-INF/LICENSE")).isNotNull();
    }
  }

  private static int version(JarFile jar, JarEntry of) throws IOException {
    try (DataInputStream in = new DataInputStream(jar.getInputStream(of))) {
      assertThat(in.readInt()).isEqualTo(0xCAFEBABE);
      in.readUnsignedShort();
      return in.readUnsignedShort();
    }
  }
}
