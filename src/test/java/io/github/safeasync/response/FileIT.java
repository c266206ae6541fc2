package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** A file as the response: conditions, ranges, and what becomes of it meanwhile. */
class FileIT {

  private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
  private static final byte[] SMALL = new byte[20_000];
  private static final int LARGE = 8 << 20;

  static {
    new Random(1).nextBytes(SMALL);
  }

  @TempDir private Path directory;
  private Path small;
  private Path large;

  @BeforeEach
  void writeFiles() throws IOException {
    small = Files.write(directory.resolve("small.bin"), SMALL);
    large = directory.resolve("large.bin");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(LARGE);
    }
    for (Path file : List.of(small, large)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.parse("1994-11-06T08:49:37Z")));
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void conditionsAndRanges_areAnswered(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      RawResponse whole = get(client, "");
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.header("Accept-Ranges")).contains("bytes");
      assertThat(whole.header("Last-Modified")).contains(MODIFIED);
      assertThat(whole.bodyBytes()).isEqualTo(SMALL);
      String tag = whole.header("ETag").orElseThrow();
      assertThat(tag).startsWith("\"");

      for (String unchanged : List.of("If-None-Match: " + tag, "If-Modified-Since: " + MODIFIED)) {
        RawResponse notModified = get(client, unchanged + "\r\n");
        assertThat(notModified.status()).isEqualTo(304);
        assertThat(notModified.bodyBytes()).isEmpty();
        assertThat(notModified.header("ETag")).contains(tag);
      }
      for (String condition : List.of("", "If-Range: " + tag, "If-Range: " + MODIFIED)) {
        String header = condition.isEmpty() ? "" : condition + "\r\n";
        RawResponse part = get(client, "Range: bytes=100-10099\r\n" + header);
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.header("Content-Range")).contains("bytes 100-10099/20000");
        assertThat(part.header("Content-Length")).contains("10000");
        assertThat(part.bodyBytes()).isEqualTo(Arrays.copyOfRange(SMALL, 100, 10_100));
      }
      RawResponse other = get(client, "Range: bytes=1-2\r\nIf-Range: \"other\"\r\n");
      assertThat(other.status()).isEqualTo(200);
      assertThat(other.bodyBytes()).isEqualTo(SMALL);
      RawResponse beyond = get(client, "Range: bytes=20000-\r\n");
      assertThat(beyond.status()).isEqualTo(416);
      assertThat(beyond.header("Content-Range")).contains("bytes */20000");
      assertThat(get(client, "If-Match: \"other\"\r\n").status()).isEqualTo(412);

      client.send("HEAD /small HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2\r\n\r\n");
      RawResponse head = client.readHead();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).contains("20000");
      assertThat(get(client, "Range: bytes=-1\r\n").bodyBytes()).containsExactly(SMALL[19_999]);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void statusOfTheApplication_isNotReplaced(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN);
        RawClient client = RawClient.connect(site.server())) {
      client.send("GET /missing HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2\r\n\r\n");
      RawResponse page = client.readResponse();
      assertThat(page.status()).isEqualTo(404);
      assertThat(page.header("ETag")).contains("\"mine\"");
      assertThat(page.bodyBytes()).isEqualTo(SMALL);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  @EnabledOnOs(OS.LINUX)
  void fileThatIsChangedMeanwhile_isCutOff(Container container) throws Exception {
    isSent(container, false, file -> file.write(1));
    writeFiles();
    isSent(container, false, file -> file.setLength(LARGE / 2));
  }

  @ParameterizedTest
  @EveryContainer
  @EnabledOnOs(OS.LINUX)
  void fileThatGrows_orIsReplaced_isSentAsItWas(Container container) throws Exception {
    isSent(
        container,
        true,
        file -> {
          file.seek(LARGE);
          file.write(1);
        });
    writeFiles();
    isSent(
        container,
        true,
        file ->
            Files.move(
                Files.createTempFile(directory, "", ""),
                large,
                StandardCopyOption.REPLACE_EXISTING));
    writeFiles();
    isSent(container, true, file -> Files.delete(large));
  }

  /** What happens to the file while it is sent. */
  private interface Change {
    void of(RandomAccessFile file) throws IOException;
  }

  private void isSent(Container container, boolean whole, Change change) throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = start(container, Transport.PLAIN);
        RawClient client =
            RawClient.connect(site.server(), socket -> socket.setReceiveBufferSize(8192))) {
      client.get("/large");
      Witness.await().until(() -> isOpen(large));
      try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
        change.of(file);
      }
      assertThat(client.readResponse().isComplete()).isEqualTo(whole);
    }
  }

  @ParameterizedTest
  @EveryContainer
  @EnabledOnOs(OS.LINUX)
  void clientThatHangsUp_leavesNoFileOpen_G8(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, Transport.PLAIN)) {
      for (int i = 0; i < 20; i++) {
        RawClient client =
            RawClient.connect(site.server(), socket -> socket.setReceiveBufferSize(8192));
        client.get(i % 2 == 0 ? "/large" : "/small");
        client.readLine();
        client.close();
      }
      Witness.await().atMost(Witness.SOON).until(() -> !isOpen(large));
      Witness.await().atMost(Witness.SOON).until(() -> !isOpen(small));
      logs.assertQuiet();
    }
  }

  /** Whether this process has a descriptor of the file. */
  private static boolean isOpen(Path file) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.anyMatch(each -> isOf(each, file));
    }
  }

  private static boolean isOf(Path descriptor, Path file) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  private static RawResponse get(RawClient client, String headers) throws IOException {
    return client
        .send("GET /small HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
        .readResponse();
  }

  private Site start(Container container, Transport transport) throws Exception {
    return Site.start(
        container,
        transport,
        SafeAsyncConfig.defaults(),
        app ->
            app.handler("/small", (in, out) -> SafeAsyncResponse.of(in).send(small))
                .handler("/large", (in, out) -> SafeAsyncResponse.of(in).send(large))
                .handler(
                    "/missing",
                    (in, out) ->
                        SafeAsyncResponse.of(in)
                            .status(404)
                            .header("ETag", "\"mine\"")
                            .send(small)));
  }
}
