package io.github.safeasync.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The format of the HTML standard, section 9.2.5. */
class SseMessageTest {

  @Test
  void data_ofManyLines_isOneFieldALine() {
    assertThat(SseMessage.of("a\nb\r\nc\rd")).hasToString("data: a\ndata: b\ndata: c\ndata: d\n\n");
    assertThat(SseMessage.of("")).hasToString("data: \n\n");
    assertThat(SseMessage.of("a\n")).hasToString("data: a\ndata: \n\n");
    assertThat(SseMessage.of(" a")).hasToString("data:  a\n\n");
    assertThat(SseMessage.of("data: x\n\nevent: y"))
        .hasToString("data: data: x\ndata: \ndata: event: y\n\n");
  }

  @Test
  void fields_comeBeforeTheData() {
    assertThat(SseMessage.of("x").event("price").id("7").retry(Duration.ofSeconds(2)))
        .hasToString("event: price\nid: 7\nretry: 2000\ndata: x\n\n");
  }

  @Test
  void comment_isNoEvent() {
    assertThat(SseMessage.comment("a\nb")).hasToString(": a\n: b\n\n");
  }

  @Test
  void text_isUtf8() {
    assertThat(SseMessage.of("ü€").encoded().remaining()).isEqualTo("data: \n\n".length() + 5);
  }

  @Test
  void fieldOfManyLines_isRefused() {
    assertThatThrownBy(() -> SseMessage.of("x").event("a\nb"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("event");
    assertThatThrownBy(() -> SseMessage.of("x").id("a\rb"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SseMessage.of("x").id("a\0b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SseMessage.of("x").retry(Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
