package io.github.safeasync.internal.guard;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.DispatcherType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestSnapshotTest {

  @ParameterizedTest
  @CsvSource({
    "http, example.org, 80, http://example.org/a",
    "http, example.org, 8080, http://example.org:8080/a",
    "http, example.org, 443, http://example.org:443/a",
    "https, example.org, 443, https://example.org/a",
    "https, example.org, 80, https://example.org:80/a",
    "http, example.org, -1, http://example.org/a",
    "http, ::1, 8080, http://[::1]:8080/a",
    "http, [::1], 8080, http://[::1]:8080/a",
  })
  void requestUrl_isThatOfServletSpecification(
      String scheme, String serverName, int serverPort, String url) {
    RequestSnapshot.Line line =
        new RequestSnapshot.Line(
            "GET",
            "/a",
            "query",
            "",
            "/a",
            null,
            "HTTP/1.1",
            scheme,
            "https".equals(scheme),
            serverName,
            serverPort,
            "127.0.0.1",
            4711,
            DispatcherType.REQUEST,
            null);

    assertThat(line.requestUrl()).isEqualTo(url);
  }
}
