package io.github.safeasync.internal.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.safeasync.CancelPolicy;
import org.junit.jupiter.api.Test;

class GuardedRequestTest {

  @Test
  void policyAttribute_isThePolicy() {
    assertThat(GuardedRequest.policyOf(CancelPolicy.ALWAYS)).isEqualTo(CancelPolicy.ALWAYS);
  }

  @Test
  void policyAttribute_ofAnotherType_saysWhatIsAllowed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GuardedRequest.policyOf("always"))
        .withMessageContaining(CancelPolicy.ATTRIBUTE)
        .withMessageContaining("CancelPolicy, not always");
  }
}
