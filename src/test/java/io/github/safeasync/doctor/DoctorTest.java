package io.github.safeasync.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.safeasync.doctor.client.Doctor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the doctor says where it cannot check: what was wrong, and what to do. */
class DoctorTest {

  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://a/b", "www.example.org", "http://", "http://a b/", "https://a/?b=c"})
  void url_malformed_isSaid(String url) {
    Said said = Said.when(url);

    assertThat(said.progress()).startsWith("The URL must be").contains(url, "Usage:");
    assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --wait 0         | --wait must be a time up to 25s, such as 5s or 500ms, not 0.
          --wait 26s       | --wait must be a time up to 25s, such as 5s or 500ms, not 26s.
          --wait soon      | --wait must be a time up to 25s, such as 5s or 500ms, not soon.
          --wait           | --wait needs a value.
          --header x       | --header must be a header field, such as 'Authorization: Basic …'.
          --header Host:x  | --header Host cannot be set: it is of the connection.
          --verbose        | There is no option --verbose.
          http://a http://b | One URL is checked at a time, not http://a/ and http://b.
          """)
  void option_malformed_isSaid(String line, String sentence) {
    Said said = Said.when(line.split(" "));

    assertThat(said.progress().lines().findFirst()).contains(sentence);
    assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
  }

  @Test
  void help_isNoFailure() {
    assertThat(Said.when("--help").status()).isEqualTo(0);
    assertThat(Said.when("--help").out()).startsWith("Usage: java -jar");
    assertThat(Said.when("--version").out()).startsWith("safe-async doctor ");
  }

  @Test
  void nothingListening_isSaid() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket()) {
      free.bind(ANY);
      port = free.getLocalPort();
    }
    Said said = Said.when("http://127.0.0.1:" + port + "/doctor");

    assertThat(said.out()).contains("Nothing listens at 127.0.0.1:" + port);
    assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
  }

  @Test
  void noSuchHost_isSaid() {
    Said said = Said.when("--json", "http://nowhere.invalid/doctor");

    assertThat(said.out())
        .startsWith("{\"url\":\"http://nowhere.invalid/doctor\",\"problem\":\"")
        .contains("There is no host nowhere.invalid");
    assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          200 | no DoctorServlet. Map io.github.safeasync.doctor.DoctorServlet
          302 | That address sends to another one: give /elsewhere.
          401 | That address is guarded (401): give what it asks for
          404 | There is nothing at that address (404). Map io.github.safeasync.doctor.DoctorServlet
          502 | The proxy does not reach the server (502)
          500 | That address answers 500: oops
          """)
  void anotherAnswer_isSaid(int status, String sentence) throws IOException {
    HttpServer server = HttpServer.create(ANY, 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().put("Location", List.of("/elsewhere"));
          exchange.sendResponseHeaders(status, 0);
          exchange.getResponseBody().write("oops\u001b[31m\n".getBytes());
          exchange.close();
        });
    server.start();
    try {
      Said said = Said.when("http://127.0.0.1:" + server.getAddress().getPort() + "/doctor");

      assertThat(said.out()).contains(sentence).doesNotContain("\u001b");
      assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
    } finally {
      server.stop(0);
    }
  }
}
