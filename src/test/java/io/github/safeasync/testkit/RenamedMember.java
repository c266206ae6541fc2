package io.github.safeasync.testkit;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * A container as another version of it might be: a field or a method has another name in all of its
 * classes, which work as before. For a JVM of its own.
 */
public final class RenamedMember implements AutoCloseable {
  private static final int UTF8 = 1;

  private final Path directory = TestServer.temporaryDirectory("renamed");
  private final String name;
  private final String classPath;

  private RenamedMember(List<String> jars, String name) throws IOException {
    this.name = name;
    List<String> elements = new ArrayList<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path file = Path.of(element);
      boolean isContainer = jars.stream().anyMatch(file.getFileName().toString()::startsWith);
      elements.add(isContainer ? renamed(file).toString() : element);
    }
    this.classPath = String.join(File.pathSeparator, elements);
  }

  /** Renames the member in all jars of a container on this run's class path. */
  public static RenamedMember of(Container container, String name) throws IOException {
    if (container.isJetty()) {
      return new RenamedMember(List.of("jetty-"), name);
    }
    return new RenamedMember(
        container.isTomcat() ? List.of("tomcat-embed-") : List.of("undertow-", "xnio-"), name);
  }

  /** The class path of the tests with the renamed container in it. */
  public String classPath() {
    return classPath;
  }

  private Path renamed(Path jar) throws IOException {
    Path copy = directory.resolve(jar.getFileName());
    try (JarFile from = new JarFile(jar.toFile());
        JarOutputStream to = new JarOutputStream(Files.newOutputStream(copy))) {
      for (Enumeration<JarEntry> all = from.entries(); all.hasMoreElements(); ) {
        JarEntry entry = all.nextElement();
        to.putNextEntry(new JarEntry(entry.getName()));
        try (InputStream in = from.getInputStream(entry)) {
          if (entry.getName().endsWith(".class")) {
            rename(new DataInputStream(new ByteArrayInputStream(in.readAllBytes())), to);
          } else {
            in.transferTo(to);
          }
        }
      }
    }
    return copy;
  }

  /** By the constant pool, JVMS 4.4, where all names are. */
  private void rename(DataInputStream in, OutputStream to) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(in.readNBytes(8));
    int count = in.readUnsignedShort();
    out.writeShort(count);
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      out.writeByte(tag);
      if (tag == UTF8) {
        String text = in.readUTF();
        out.writeUTF(text.equals(name) ? text + "OfAnotherVersion" : text);
      } else {
        out.write(in.readNBytes(length(tag)));
        i += tag == 5 || tag == 6 ? 1 : 0; // Long and double take two places.
      }
    }
    in.transferTo(out);
    bytes.writeTo(to);
  }

  private static int length(int tag) throws IOException {
    return switch (tag) {
      case 7, 8, 16, 19, 20 -> 2;
      case 15 -> 3;
      case 3, 4, 9, 10, 11, 12, 17, 18 -> 4;
      case 5, 6 -> 8;
      default -> throw new IOException("unknown constant " + tag);
    };
  }

  @Override
  public void close() throws IOException {
    TestServer.deleteAll(directory);
  }
}
