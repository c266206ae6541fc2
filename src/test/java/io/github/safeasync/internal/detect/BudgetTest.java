package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BudgetTest {

  private static final long MILLI = 1_000_000;

  @Test
  void share_isKept() {
    Budget budget = new Budget(100, 0, 5_000 * MILLI, 4 * MILLI, false);
    long now = 0;
    long spent = 0;
    while (now < 10_000 * MILLI) {
      if (budget.allows(now)) {
        spent += 4 * MILLI;
        now += 4 * MILLI;
        budget.spent(4 * MILLI, 1, now);
      } else {
        now = budget.nextAt();
      }
    }
    assertThat(spent).isLessThanOrEqualTo(104 * MILLI);
  }

  @Test
  void aPreemptedLook_isNotChargedForIt() {
    Budget budget = new Budget(100, 0, 5_000 * MILLI, 1 * MILLI, false);
    budget.spent(1 * MILLI, 1, 0);
    budget.spent(500 * MILLI, 1, 1000 * MILLI);
    assertThat(budget.nextAt()).isEqualTo(1100 * MILLI);
  }

  @Test
  void afterALongPause_aBurstIsAllowed() {
    Budget budget = new Budget(10, 100 * MILLI, 5_000 * MILLI, 1 * MILLI, true);
    budget.spent(1 * MILLI, 1, 0);
    long now = 100_000 * MILLI;
    int looks = 0;
    while (budget.allows(now)) {
      budget.spent(1 * MILLI, 1, now);
      looks++;
    }
    assertThat(looks).isEqualTo(11);
  }

  @Test
  void aThreadsOwnTime_isChargedAsItIs() {
    Budget budget = new Budget(100, 0, 5_000 * MILLI, 2 * MILLI, true);
    budget.spent(4 * MILLI, 1, 0);
    assertThat(budget.nextAt()).isEqualTo(300 * MILLI);
  }
}
