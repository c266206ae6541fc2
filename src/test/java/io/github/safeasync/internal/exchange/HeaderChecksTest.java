package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.safeasync.HttpStatusException;
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
        .withMessageEndingWith(name);
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
}
