package io.github.safeasync.internal.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadTest {

  private static final String TEXT = "größer";

  private final ResponseHead head = new ResponseHead("a test");
  private final RecordedResponse response = new RecordedResponse();

  @Nested
  class Encoding {

    @Test
    void encode_nothingSet_isUtf8() {
      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "application/json", "text/plain; format=flowed", ""})
    void encode_noCharset_isUtf8(String contentType) {
      head.contentType(ContentType.of(contentType));

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "text/plain;charset=iso-8859-1",
          "text/plain; charset=ISO-8859-1",
          "text/plain;CHARSET=\"iso-8859-1\"",
          "text/plain; format=flowed; Charset=latin1 ",
          "text/plain;charset=latin1;format=flowed",
          "text/plain;title=\"a;charset=utf-16\";charset=latin1",
        })
    void encode_charset_isUsed(String contentType) {
      head.contentType(ContentType.of(contentType));

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "multipart/mixed;boundary=\"a;charset=x-b\"",
          "multipart/mixed;boundary=\"\\\";charset=x-b\"",
          "text/plain;xcharset=x-b",
        })
    void encode_charsetInsideAnotherParameter_isNone(String contentType) {
      head.contentType(ContentType.of(contentType));

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_8));
    }

    @Test
    void encode_charsetChanged_isTheLast() {
      head.contentType(ContentType.of("text/plain;charset=latin1"));
      head.contentType(ContentType.of("text/plain;charset=utf-16le"));

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_16LE));
    }

    @Test
    void encode_committed_keepsTheCharset() {
      head.contentType(ContentType.of("text/plain;charset=utf-16le"));
      head.commitTo(response.asResponse());

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_16LE));
    }

    @Test
    void encode_containersContentType_isInItsCharset() {
      head.startFrom("text/html;charset=latin1");

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(ISO_8859_1));
    }

    @Test
    void encode_containersCharsetUnknown_isUtf8() {
      head.startFrom("text/html;charset=x-none");

      assertThat(head.encode(TEXT)).isEqualTo(TEXT.getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-none", "", "\"\"", "a b", "x-JISAutoDetect"})
    void contentType_unusableCharset_isRefusedAndNamed(String charset) {
      String contentType = "text/plain;charset=" + charset;

      assertThatIllegalArgumentException()
          .isThrownBy(() -> head.contentType(ContentType.of(contentType)))
          .withMessageContaining(contentType);

      head.commitTo(response.asResponse());
      assertThat(response.calls()).isEmpty();
    }
  }

  @Nested
  class Commit {

    @Test
    void commitTo_nothingSet_changesNothing() {
      head.commitTo(response.asResponse());

      assertThat(response.calls()).isEmpty();
      assertThat(head.isCommitted()).isTrue();
    }

    @Test
    void commitTo_textAlone_isPlainUtf8() {
      head.encode(TEXT);

      head.commitTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setContentType text/plain;charset=utf-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "TEXT/HTML", "text/plain;format=flowed"})
    void commitTo_textTypeWithoutCharset_saysUtf8(String contentType) {
      head.contentType(ContentType.of(contentType));
      head.encode(TEXT);

      head.commitTo(response.asResponse());

      assertThat(response.calls())
          .containsExactly("setContentType " + contentType + ";charset=utf-8");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "text/html; Charset=latin1",
          "text/event-stream",
          "Text/Event-Stream",
          "application/json",
          "image/svg+xml"
        })
    void commitTo_otherTypeOrCharset_isUnchanged(String contentType) {
      head.contentType(ContentType.of(contentType));
      head.encode(TEXT);

      head.commitTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setContentType " + contentType);
    }

    @Test
    void commitTo_bytesOnly_saysNoCharset() {
      head.contentType(ContentType.of("text/html"));

      head.commitTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setContentType text/html");
    }

    @Test
    void commitTo_containersContentType_isNotSetAgain() {
      response.withContentType("image/png");
      head.startFrom("image/png");

      head.commitTo(response.asResponse());

      assertThat(response.calls()).isEmpty();
    }

    @Test
    void commitTo_everythingSet_handsItOverInOrder() {
      head.header("A", "1", true);
      head.status(201);
      head.header("B", "2", false);
      head.header("A", "3", false);
      head.contentType(ContentType.of("image/png"));
      head.header("B", "4", true);
      head.status(202);

      head.commitTo(response.asResponse());

      assertThat(response.calls())
          .containsExactly(
              "setStatus 202",
              "setContentType image/png",
              "setHeader A 1",
              "addHeader B 2",
              "addHeader A 3",
              "setHeader B 4");
    }

    @Test
    void commitTo_manyHeaders_needsNoDeepStack() {
      for (int i = 0; i < 20_000; i++) {
        head.header("A", "" + i, false);
      }

      head.commitTo(response.asResponse());

      assertThat(response.calls()).hasSize(20_000).first().isEqualTo("addHeader A 0");
    }

    @Test
    void contentType_afterTextInAnotherCharset_isIgnored() {
      head.encode("é");

      assertThat(head.contentType(ContentType.of("text/html;charset=utf-16"))).isFalse();
      assertThat(head.contentType(ContentType.of("text/html"))).isTrue();
      head.commitTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setContentType text/html;charset=utf-8");
    }

    @Test
    void commitErrorTo_handsOverTheHeadersAlone() {
      head.status(201);
      head.contentType(ContentType.of("image/png"));
      head.header("Retry-After", "5", true);

      head.commitErrorTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setHeader Retry-After 5");
      assertThat(head.isCommitted()).isTrue();
    }
  }

  @Nested
  class Committed {

    @Test
    void g1_changes_committed_areIgnored() {
      head.commitTo(response.asResponse());

      assertThat(head.status(201)).isFalse();
      assertThat(head.contentType(ContentType.of("text/html"))).isFalse();
      assertThat(head.header("A", "1", true)).isFalse();
      assertThat(response.calls()).isEmpty();
    }

    @Test
    void changes_notCommitted_areTaken() {
      assertThat(head.isCommitted()).isFalse();
      assertThat(head.status(201)).isTrue();
      assertThat(head.contentType(ContentType.of("text/html"))).isTrue();
      assertThat(head.header("A", "1", true)).isTrue();
    }

    @Test
    void commit_twice_isDoneOnce() {
      head.status(201);
      head.header("A", "1", true);
      head.commitTo(response.asResponse());

      head.commitTo(response.asResponse());
      head.commitErrorTo(response.asResponse());

      assertThat(response.calls()).containsExactly("setStatus 201", "setHeader A 1");
    }
  }
}
