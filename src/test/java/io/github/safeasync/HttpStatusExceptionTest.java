package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class HttpStatusExceptionTest {

  @Test
  void statusAndMessage_areKept() {
    HttpStatusException exception = new HttpStatusException(400, "delay must be a number");

    assertThat(exception.status()).isEqualTo(400);
    assertThat(exception).hasMessage("delay must be a number").hasNoCause();
  }

  @Test
  void message_none_isNull() {
    assertThat(new HttpStatusException(404)).hasMessage(null);
    assertThat(new HttpStatusException(404).status()).isEqualTo(404);
  }

  @Test
  void g12_stackTrace_isEmpty() {
    HttpStatusException exception = new HttpStatusException(404);
    exception.addSuppressed(new IllegalStateException());

    assertThat(exception.getStackTrace()).isEmpty();
    assertThat(exception.getSuppressed()).isEmpty();
  }

  @Test
  void status_noError_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HttpStatusException(200, "fine"))
        .withMessageContaining("400 to 599");
  }
}
