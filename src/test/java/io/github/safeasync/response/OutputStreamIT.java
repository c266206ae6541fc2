package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.params.ParameterizedTest;

/** The body as a stream, for libraries that write to one. */
class OutputStreamIT {

  private static final int ENTRY = 4 << 20;

  /** Much less than is written, so that the writer has to wait for the client. */
  private static final SafeAsyncConfig SMALL =
      SafeAsyncConfig.builder().maxPendingBytes(64 << 10).pendingLimit(256 << 10).build();

  @ParameterizedTest
  @EveryContainer
  void zipLargerThanTheLimit_arrivesWhole(Container container) throws Exception {
    byte[] content = new byte[ENTRY];
    new Random(7).nextBytes(content);
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, SMALL);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      CompletableFuture<Void> written =
          CompletableFuture.runAsync(
              unchecked(
                  () -> {
                    try (ZipOutputStream zip = new ZipOutputStream(response.outputStream())) {
                      zip.putNextEntry(new ZipEntry("random"));
                      zip.write(content);
                      zip.closeEntry();
                    }
                  }));
      RawResponse answer = client.readResponse();
      assertThat(answer.isComplete()).isTrue();
      try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(answer.bodyBytes()))) {
        assertThat(zip.getNextEntry()).isNotNull();
        assertThat(zip.readAllBytes()).isEqualTo(content);
      }
      written.get(10, SECONDS);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void clientThatLeaves_endsTheWriterThatWaits_byItsException(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, SMALL);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      CompletableFuture<Throwable> failure =
          CompletableFuture.supplyAsync(
              () ->
                  catchThrowable(
                      () -> {
                        try (OutputStream out = response.outputStream()) {
                          byte[] block = new byte[10_000];
                          while (true) {
                            out.write(block);
                          }
                        }
                      }));
      client.readLine();
      client.closeRst();
      assertThat(failure.get(10, SECONDS)).isInstanceOf(ClientDisconnectedException.class);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.DISCONNECTED);
      assertThatExceptionOfType(ClientDisconnectedException.class)
          .isThrownBy(() -> response.outputStream().write(1));
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writer_writesInTheCharset_andItsCloseFinishes(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.contentType("text/plain;charset=iso-8859-1");
      Writer writer = response.writer();
      writer.write("größer");
      writer.flush();
      assertThat(client.readHead().header("Content-Type").orElseThrow())
          .containsIgnoringCase("iso-8859-1");
      writer.close();
      writer.close();
      assertThat(response.isOpen()).isFalse();
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThatExceptionOfType(IOException.class).isThrownBy(() -> writer.write("late"));
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void finishedMeanwhile_failsTheNextWrite_andLosesNothing(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      OutputStream out = response.outputStream();
      out.write("begun ".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      response.finish("and finished");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> out.write('x'))
          .withMessageContaining("finished");
      out.close();
      assertThat(client.readResponse().body()).isEqualTo("begun and finished");
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  /** What throws, as a task. */
  private interface Throwing {
    void run() throws IOException;
  }

  private static Runnable unchecked(Throwing task) {
    return () -> {
      try {
        task.run();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }
}
