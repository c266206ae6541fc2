package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.safeasync.HttpStatusException;
import io.github.safeasync.internal.Visible;
import jakarta.servlet.http.Cookie;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderChecksTest {

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 599})
  void errorStatus_error_isAnswered(int status) {
    assertThat(new HttpStatusException(status).status()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 399, 600, 4000})
  void errorStatus_other_isNamed(int status) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HttpStatusException(status))
        .withMessage("An error status is a number from 400 to 599, not " + status);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 304, 404, 599})
  void status_final_isAnswered(int status) {
    assertThat(HeaderChecks.status(status)).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 100, 199, 600})
  void status_other_isNamed(int status) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.status(status))
        .withMessage("A response status is a number from 200 to 599, not " + status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "Retry-After", "x_1", "!#$%&'*+-.^_`|~"})
  void headerName_token_isAnswered(String name) {
    assertThat(HeaderChecks.headerName(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({"'A B', U+0020", "A:, U+003A", "'A\r\nB', U+000D", "Ä, U+00C4", "'A(', U+0028"})
  void headerName_noToken_namesTheCharacter(String name, String character) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.headerName(name))
        .withMessageContaining(character)
        .withMessageEndingWith(Visible.of(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length", "transfer-encoding", "Set-Cookie", "Trailer"})
  void trailerName_ofWhatIsNeededBefore_isNamed(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.trailerName(name))
        .withMessage(name + " must not be a trailer, as it is needed before the body: use header");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Digest", "grpc-status"})
  void trailerName_other_isAnswered(String name) {
    assertThat(HeaderChecks.trailerName(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = "")
  void headerName_empty_isRefused(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> HeaderChecks.headerName(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "a b\tc", "größer", "\"quoted\""})
  void headerValue_oneLine_isAnswered(String value) {
    assertThat(HeaderChecks.headerValue("A", value)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({"'a\r\nSet-Cookie: b', U+000D", "'a\nb', U+000A", "'a\0b', U+0000"})
  void headerValue_split_namesTheHeaderAndTheCharacter(String value, String character) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.headerValue("Retry-After", value))
        .withMessageContaining("Retry-After")
        .withMessageContaining(character);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "../up", "https://example.org:8443/a%20b?c=d&e#f", "?q", "//host/"})
  void location_uriReference_isTaken(String location) {
    assertThatCode(() -> HeaderChecks.location(location)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"'/a b', U+0020", "'/\r\nX: y', U+000D", "/ä, U+00E4", "'/a|b', U+007C"})
  void location_other_namesTheCharacter(String location, String character) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.location(location))
        .withMessageContaining(character);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 300, 304, 305, 306, 400})
  void redirectStatus_other_isNamed(int status) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.redirectStatus(status))
        .withMessageEndingWith("not " + status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "abc", "a=b", "\"quoted\"", "YWJj+/=="})
  void cookie_value_isTaken(String value) {
    assertThat(HeaderChecks.cookie(new Cookie("c", value)).getValue()).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({"'a b', U+0020", "'a;b', U+003B", "'a,b', U+002C", "'a\r\nb', U+000D", "ä, U+00E4"})
  void cookie_value_namesTheCookieAndTheCharacter(String value, String character) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.cookie(new Cookie("named", value)))
        .withMessageContaining("named")
        .withMessageContaining(character);
  }

  @Test
  void cookie_pathThatSplits_isRefused() {
    Cookie cookie = new Cookie("named", "1");
    cookie.setPath("/;x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeaderChecks.cookie(cookie))
        .withMessageContaining("path");
  }
}
