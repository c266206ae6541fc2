package io.github.safeasync.internal.guard;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OctetsTest {

  private static String decoded(byte[] bytes, Charset charset) throws IOException {
    StringWriter text = new StringWriter();
    try (Reader reader = new InputStreamReader(new ByteArrayInputStream(bytes), charset)) {
      reader.transferTo(text);
    }
    return text.toString();
  }

  private static long atMost(String charset, CharSequence text) {
    Octets octets = Octets.of(charset);
    octets.add(text);
    return octets.atMost();
  }

  @Test
  void wellFormedText_isCountedExactly() {
    String text = "plain, süß, 中文, 😀, \uFEFF";
    assertThat(atMost("UTF-8", text)).isEqualTo(text.getBytes(UTF_8).length);
    assertThat(atMost("utf-8", text)).isEqualTo(text.getBytes(UTF_8).length);
    assertThat(atMost("ISO-8859-1", "süß")).isEqualTo(3);
    assertThat(atMost("windows-1252", "10 €")).isEqualTo(4);
  }

  /** What is called cut off though it is whole would be lost. */
  @Test
  void malformedText_isNeverCountedShort() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      for (int at = 0; at < bytes.length; at++) {
        // Mostly the beginnings and the rests of longer characters.
        bytes[at] = (byte) random.nextInt(random.nextInt(4) == 0 ? 0 : 0x80, 0x100);
      }
      for (Charset charset : List.of(UTF_8, ISO_8859_1, US_ASCII)) {
        assertThat(atMost(charset.name(), decoded(bytes, charset)))
            .as("%s as %s", bytes, charset)
            .isGreaterThanOrEqualTo(bytes.length);
      }
      assertThat(atMost(null, decoded(bytes, ISO_8859_1))).isGreaterThanOrEqualTo(bytes.length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "Shift_JIS", "ISO-2022-JP", "no such charset", "?"})
  void charsetOfOtherLengths_isNotKnown(String charset) {
    assertThat(atMost(charset, "text")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void lines_areCountedWithTheLongestEnd() {
    Octets octets = Octets.of("UTF-8");
    octets.addLine("one");
    assertThat(octets.atMost()).isEqualTo(5);
  }
}
