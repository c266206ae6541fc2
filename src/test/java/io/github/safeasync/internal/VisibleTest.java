package io.github.safeasync.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VisibleTest {

  @Test
  void plainText_isLeftAsItIs() {
    String text = "/suche/größe 漢字 😀";
    assertThat(Visible.of(text)).isSameAs(text);
  }

  @Test
  void whatEndsALineOrMovesTheCursor_isEscaped() {
    assertThat(Visible.of("a\r\nb\tc\u001b[2J\u0085\u2028\u202e\u0000"))
        .isEqualTo("a\\r\\nb\\tc\\u001b[2J\\u0085\\u2028\\u202e\\u0000");
  }

  @Test
  void whatIsVeryLong_isCut() {
    assertThat(Visible.of("x".repeat(10_000))).hasSize(501).endsWith("x…");
  }
}
