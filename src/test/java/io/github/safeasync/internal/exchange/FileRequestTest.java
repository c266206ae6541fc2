package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.internal.HttpDate;
import io.github.safeasync.internal.exchange.FileRequest.Answer;
import io.github.safeasync.internal.exchange.FileRequest.Version;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples and rules of RFC 9110 for conditions and ranges. */
class FileRequestTest {

  private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
  private static final String EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
  private static final String LATER = "Sun, 06 Nov 1994 08:49:38 GMT";

  private static final Version STRONG =
      new Version(10_000, Instant.parse("1994-11-06T08:49:37.5Z"), "\"xyzzy\"");
  private static final Version WEAK = new Version(10_000, STRONG.modified(), "W/\"xyzzy\"");
  private static final Version EMPTY = new Version(0, STRONG.modified(), "\"xyzzy\"");

  private static Answer get(Version file, String... headers) {
    return ask("GET", file, headers);
  }

  private static Answer ask(String method, Version file, String... headers) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      values.put(headers[i], headers[i + 1]);
    }
    return new FileRequest(method, values).answer(file);
  }

  @Nested
  class Ranges {

    /** Section 14.1.2. */
    @ParameterizedTest
    @CsvSource({
      "bytes=0-499, 0, 500",
      "bytes=500-999, 500, 500",
      "bytes=-500, 9500, 500",
      "bytes=9500-, 9500, 500",
      "bytes=0-0, 0, 1",
      "bytes=-1, 9999, 1",
      "bytes=-20000, 0, 10000",
      "bytes=9990-20000, 9990, 10",
      "bytes=0-99999999999999999999, 0, 10000",
      "Bytes= 1-2, 1, 2"
    })
    void oneRange_isAPart(String range, long from, long length) {
      assertThat(get(STRONG, "Range", range)).isEqualTo(new Answer(206, from, length));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "bytes=0-0,-1",
          "bytes= 0-0, -1",
          "bytes=500-600,601-999",
          "bytes=5-4",
          "bytes=-",
          "bytes=a-b",
          "bytes",
          "lines=1-2",
          "bytes=1-2-3",
          ""
        })
    void severalOrMalformed_areTheWhole(String range) {
      assertThat(get(STRONG, "Range", range)).isEqualTo(Answer.whole(STRONG));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"})
    void outsideOfTheFile_cannotBeSatisfied(String range) {
      assertThat(get(STRONG, "Range", range).status()).isEqualTo(416);
    }

    @Test
    void ofAnEmptyFile() {
      assertThat(get(EMPTY, "Range", "bytes=0-").status()).isEqualTo(416);
      assertThat(get(EMPTY, "Range", "bytes=-5")).isEqualTo(Answer.whole(EMPTY));
    }

    @Test
    void areForGetAlone() {
      assertThat(ask("HEAD", STRONG, "Range", "bytes=0-1").status()).isEqualTo(200);
      assertThat(ask("POST", STRONG, "Range", "bytes=0-1").status()).isEqualTo(200);
    }
  }

  /** Section 13.1.5. */
  @Nested
  class IfRange {

    @ParameterizedTest
    @ValueSource(strings = {"\"xyzzy\"", MODIFIED})
    void sameVersion_isAPart(String condition) {
      assertThat(get(STRONG, "Range", "bytes=0-1", "If-Range", condition).status()).isEqualTo(206);
    }

    @ParameterizedTest
    @ValueSource(strings = {"W/\"xyzzy\"", "\"other\"", "*", EARLIER, LATER, "xyzzy"})
    void anythingElse_isTheWhole(String condition) {
      assertThat(get(STRONG, "Range", "bytes=0-1", "If-Range", condition).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"W/\"xyzzy\"", "\"xyzzy\"", MODIFIED})
    void weakVersion_isTheWhole(String condition) {
      assertThat(get(WEAK, "Range", "bytes=0-1", "If-Range", condition).status()).isEqualTo(200);
    }
  }

  /** Sections 13.1.1 to 13.1.4 and 13.2.2. */
  @Nested
  class Conditions {

    @ParameterizedTest
    @ValueSource(
        strings = {"\"xyzzy\"", "W/\"xyzzy\"", "\"r2d2xxxx\", \"xyzzy\", \"c3piozzzz\"", "*"})
    void ifNoneMatch_namingIt_isNotModified(String tags) {
      assertThat(get(STRONG, "If-None-Match", tags).status()).isEqualTo(304);
      assertThat(get(WEAK, "If-None-Match", tags).status()).isEqualTo(304);
      assertThat(ask("HEAD", WEAK, "If-None-Match", tags).status()).isEqualTo(304);
      assertThat(ask("POST", STRONG, "If-None-Match", tags).status()).isEqualTo(200);
    }

    @Test
    void ifNoneMatch_goesBeforeADateAndARange() {
      Answer other =
          get(
              STRONG,
              "If-None-Match",
              "\"other\"",
              "If-Modified-Since",
              LATER,
              "Range",
              "bytes=0-1");
      assertThat(other.status()).isEqualTo(206);
      assertThat(get(STRONG, "If-None-Match", "\"xyzzy\"", "Range", "bytes=0-1").status())
          .isEqualTo(304);
    }

    /** Section 5.6.7, in all three forms. */
    @ParameterizedTest
    @ValueSource(
        strings = {MODIFIED, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", LATER})
    void ifModifiedSince_notSince(String date) {
      assertThat(get(STRONG, "If-Modified-Since", date).status()).isEqualTo(304);
    }

    @ParameterizedTest
    @ValueSource(strings = {EARLIER, "yesterday", ""})
    void ifModifiedSince_sinceOrMalformed(String date) {
      assertThat(get(STRONG, "If-Modified-Since", date).status()).isEqualTo(200);
    }

    @Test
    void ifMatch_comparesStrongly_andGoesFirst() {
      assertThat(get(STRONG, "If-Match", "\"a\", \"xyzzy\"").status()).isEqualTo(200);
      assertThat(get(STRONG, "If-Match", "*").status()).isEqualTo(200);
      assertThat(get(STRONG, "If-Match", "W/\"xyzzy\"").status()).isEqualTo(412);
      assertThat(get(WEAK, "If-Match", "\"xyzzy\"").status()).isEqualTo(412);
      assertThat(get(STRONG, "If-Match", "\"other\"", "If-None-Match", "*").status())
          .isEqualTo(412);
    }

    @Test
    void ifUnmodifiedSince() {
      assertThat(get(STRONG, "If-Unmodified-Since", MODIFIED).status()).isEqualTo(200);
      assertThat(get(STRONG, "If-Unmodified-Since", EARLIER).status()).isEqualTo(412);
      assertThat(get(STRONG, "If-Match", "\"xyzzy\"", "If-Unmodified-Since", EARLIER).status())
          .isEqualTo(200);
    }
  }

  @Test
  void date_isFormattedAsInSection5_6_7() {
    assertThat(HttpDate.format(STRONG.modified())).isEqualTo(MODIFIED);
  }
}
