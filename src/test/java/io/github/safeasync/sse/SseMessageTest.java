package io.github.safeasync.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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

  @Test
  void retryThatNoTimerHolds_isRefused() {
    assertThat(SseMessage.of("x").retry(Duration.ofDays(24)))
        .hasToString("retry: 2073600000\ndata: x\n\n");
    assertThatThrownBy(() -> SseMessage.of("x").retry(Duration.ofSeconds(Long.MAX_VALUE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("24 days");
  }

  private static final String[] PIECES = {
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ":",
    " ",
    "data: x",
    "event: y",
    "id: 1",
    "retry: 5",
    "\u2028",
    "\u0085",
    "\ufeff",
    "\u010a",
    "\u0000",
    "\ud83d",
    "a"
  };

  private final long seed = Long.getLong("safeasync.seed", System.nanoTime());
  private final Random random = new Random(seed);

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(8); n > 0; n--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  /** Whatever somebody else has chosen: one event comes of it, with that data and nothing else. */
  @Test
  void anyText_isTheDataOfOneEvent() {
    for (int i = 0; i < Tries.of(1_000_000) / 20; i++) {
      String data = text();
      Read read = new Read(SseMessage.of(data).event("price").id("7").toString());
      String seen = data.replace("\r\n", "\n").replace('\r', '\n').replace('\ud83d', '?');
      assertThat(read.events)
          .as("seed %d, round %d", seed, i)
          .containsExactly(List.of("price", "7", seen));
      assertThat(new Read(SseMessage.comment(data).toString()).events).isEmpty();
    }
  }

  /** One event with that name and identifier comes of it, or an exception. */
  @Test
  void anyText_isTheNameAndTheIdentifierOfOneEvent_orRefused() {
    int refused = 0;
    int rounds = Tries.of(1_000_000) / 20;
    for (int i = 0; i < rounds; i++) {
      String name = text();
      String id = text();
      SseMessage message;
      try {
        message = SseMessage.of("data").event(name).id(id).retry(Duration.ofMillis(i));
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(name + id).as("seed %d, round %d", seed, i).containsPattern("[\r\n\0]");
        continue;
      }
      assertThat(new Read(message.toString()).events)
          .as("seed %d, round %d", seed, i)
          .containsExactly(List.of(name.replace('\ud83d', '?'), id.replace('\ud83d', '?'), "data"));
    }
    assertThat(refused).isBetween(rounds / 10, rounds - rounds / 100);
  }

  /** Reads as a browser does: HTML standard, section 9.2.6. */
  private static final class Read {
    final List<List<String>> events = new ArrayList<>();
    private String data;
    private String event = "";
    private String id = "";

    Read(String stream) {
      for (String line : stream.split("\r\n|\r|\n", -1)) {
        if (line.isEmpty()) {
          dispatch();
        } else {
          int colon = line.indexOf(':');
          field(line.substring(0, colon), line.substring(colon + 1).replaceFirst("^ ", ""));
        }
      }
    }

    private void field(String name, String value) {
      switch (name) {
        case "data" -> data = data == null ? value : data + "\n" + value;
        case "event" -> event = value;
        case "id" -> id = value;
        default -> {
          // A comment, or a time.
        }
      }
    }

    private void dispatch() {
      if (data != null) {
        events.add(List.of(event, id, data));
      }
      data = null;
      event = "";
    }
  }
}
