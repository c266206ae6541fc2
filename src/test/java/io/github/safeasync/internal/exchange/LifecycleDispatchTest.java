package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.internal.exchange.Lifecycle.Phase;
import io.github.safeasync.testkit.OtherThread;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The phases of a lifecycle that an application's own cycles and AsyncListeners bring. */
class LifecycleDispatchTest {

  private static final End COMPLETED = End.of(Kind.COMPLETED, Duration.ZERO);
  private static final End GONE = SomeEnd.of(Kind.DISCONNECTED);

  private final Lifecycle lifecycle = new Lifecycle();
  private final OtherThread other = new OtherThread();

  @AfterEach
  void stopOtherThread() {
    other.close();
  }

  /** Brings a fresh lifecycle to a phase, with nobody inside. */
  private Lifecycle in(Phase phase) {
    switch (phase) {
      case NEW -> {}
      case STARTING -> lifecycle.starting();
      case OPEN -> {
        in(Phase.STARTING);
        lifecycle.started();
      }
      case DISPATCHING -> {
        in(Phase.OPEN).dispatching();
        lifecycle.exit();
      }
      case DISPATCHED -> in(Phase.DISPATCHING).claimDispatch();
      case RESUMED -> in(Phase.DISPATCHED).arrive();
      case RESTARTING -> in(Phase.RESUMED).starting();
      case ENDED -> in(Phase.OPEN).end(GONE);
      case TELLING -> in(Phase.ENDED).claimTell();
      case LINGERING -> in(Phase.TELLING).toldWhileUnread();
      case TOLD -> in(Phase.TELLING).told();
      case CLOSING -> in(Phase.TOLD).claimClose();
      case CLOSED -> in(Phase.CLOSING).closed();
    }
    assertThat(lifecycle.phase()).isEqualTo(phase);
    return lifecycle;
  }

  @Nested
  class Dispatch {

    @ParameterizedTest
    @EnumSource(Phase.class)
    void dispatching_isWonInOpenAlone(Phase phase) {
      in(phase);
      assertThat(lifecycle.dispatching()).isEqualTo(phase == Phase.OPEN);
      if (phase == Phase.OPEN) {
        assertThat(lifecycle.phase()).isEqualTo(Phase.DISPATCHING);
        assertThat(lifecycle.dispatching()).isFalse();
      } else {
        assertThat(lifecycle.phase()).isEqualTo(phase);
      }
    }

    @Test
    void claimDispatch_waitsUntilTheAskerHasSaidHow() {
      in(Phase.OPEN).dispatching();
      assertThat(lifecycle.claimDispatch()).isFalse();
      assertThat(lifecycle.exit()).isTrue();
      assertThat(lifecycle.claimDispatch()).isTrue();
      assertThat(lifecycle.claimDispatch()).isFalse();
    }

    @Test
    void g3_claimDispatch_waitsForTheLastCallOut() {
      in(Phase.OPEN);
      other.call(lifecycle::enter);
      lifecycle.dispatching();
      assertThat(lifecycle.exit()).isFalse();
      assertThat(lifecycle.claimDispatch()).isFalse();
      assertThat(other.call(lifecycle::exit)).isTrue();
      assertThat(lifecycle.claimDispatch()).isTrue();
    }

    @Test
    void claimDispatchInside_isTheThreadsThatIsInside_alone() {
      in(Phase.OPEN).enter();
      lifecycle.dispatching();
      assertThat(lifecycle.exit()).isFalse();
      assertThat(lifecycle.claimDispatch()).isFalse();
      assertThat(other.call(lifecycle::claimDispatchInside)).isFalse();
      assertThat(lifecycle.claimDispatchInside()).isTrue();
      assertThat(lifecycle.claimDispatchInside()).isFalse();
      assertThat(lifecycle.phase()).isEqualTo(Phase.DISPATCHED);
    }

    @Test
    void g3_claimDispatchInside_waitsForTheOthersOut() {
      in(Phase.OPEN).enter();
      other.call(lifecycle::enter);
      lifecycle.dispatching();
      lifecycle.exit();
      assertThat(lifecycle.claimDispatchInside()).isFalse();
      other.call(lifecycle::exit);
      assertThat(lifecycle.claimDispatchInside()).isTrue();
    }

    @Test
    void claimDispatchInside_endedMeanwhile_isClaimedOfTheEnd() {
      in(Phase.OPEN).enter();
      lifecycle.dispatching();
      lifecycle.exit();
      lifecycle.end(GONE);
      assertThat(lifecycle.claimDispatchInside()).isFalse();
      assertThat(lifecycle.dispatchingEnded()).isTrue();
      assertThat(lifecycle.containerCompletes()).isTrue();
    }

    @Test
    void enter_dispatching_isTheServletsOwnThreadsAlone() {
      Lifecycle lifecycle = LifecycleTest.openInServlet();
      lifecycle.dispatching();
      lifecycle.exit();
      assertThat(other.call(lifecycle::enter)).isFalse();
      assertThat(lifecycle.enter()).isTrue();
    }

    @Test
    void notDispatched_isOpenAgain() {
      in(Phase.DISPATCHED).notDispatched();
      assertThat(lifecycle.isOpen()).isTrue();
      assertThat(lifecycle.dispatching()).isTrue();
    }

    @Test
    void notDispatched_endedMeanwhile_staysEnded() {
      in(Phase.DISPATCHED).end(GONE);
      lifecycle.notDispatched();
      assertThat(lifecycle.decidedEnd()).isEqualTo(GONE);
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void arrive_isTrueAfterADispatchAlone(Phase phase) {
      in(phase);
      assertThat(lifecycle.arrive()).isEqualTo(phase == Phase.DISPATCHED);
      assertThat(lifecycle.arrive()).isFalse();
    }

    /** What it starts there is no cycle of a servlet that the filter waits for. */
    @Test
    void arriveUnmapped_isTheContainersThread_untilItHasStarted() {
      in(Phase.DISPATCHED);
      assertThat(lifecycle.arriveUnmapped()).isTrue();
      assertThat(lifecycle.isServlet()).isFalse();
      assertThat(lifecycle.isContainersThread()).isTrue();
      lifecycle.starting();
      assertThat(lifecycle.isContainersThread()).isTrue();
      lifecycle.started();
      assertThat(lifecycle.isContainersThread()).isFalse();
    }

    @Test
    void starting_resumed_beginsTheNextCycle() {
      in(Phase.RESUMED);
      assertThat(lifecycle.starting()).isTrue();
      lifecycle.started();
      assertThat(lifecycle.isOpen()).isTrue();
      assertThat(lifecycle.isContainersThread()).isTrue();
      assertThat(lifecycle.depart()).isEqualTo(Phase.OPEN);
      assertThat(lifecycle.isContainersThread()).isFalse();
    }

    @Test
    void notStarted_resumed_isResumedAgain() {
      in(Phase.RESUMED).starting();
      lifecycle.notStarted();
      assertThat(lifecycle.phase()).isEqualTo(Phase.RESUMED);
    }

    @Test
    void startsEnded_endedInADispatch_isTrueOfTheServletAlone_andTheCycleIsNotTheContainers() {
      in(Phase.RESUMED).end(GONE);
      assertThat(other.call(lifecycle::startsEnded)).isFalse();
      assertThat(lifecycle.startsEnded()).isTrue();
      assertThat(lifecycle.containerCompletes()).isTrue();
      lifecycle.started();
      assertThat(lifecycle.startsEnded()).isFalse();
      assertThat(lifecycle.containerCompletes()).isFalse();
      assertThat(lifecycle.depart()).isEqualTo(Phase.ENDED);
      assertThat(lifecycle.claimTell()).isEqualTo(GONE);
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void startsEnded_notEndedInADispatch_isFalse(Phase phase) {
      assertThat(in(phase).startsEnded()).isFalse();
    }

    @Test
    void dispatchingEnded_inside_isTrueOnce_andTheContainerCompletes() {
      in(Phase.OPEN).enter();
      lifecycle.end(GONE);
      assertThat(other.call(lifecycle::dispatchingEnded)).isFalse();
      assertThat(lifecycle.dispatchingEnded()).isTrue();
      assertThat(lifecycle.containerCompletes()).isTrue();
      assertThat(lifecycle.dispatchingEnded()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void dispatchingEnded_outside_isFalse(Phase phase) {
      assertThat(in(phase).dispatchingEnded()).isFalse();
    }

    @Test
    void depart_resumedWithoutAnotherCycle_saysThatTheContainerCompletes() {
      assertThat(in(Phase.RESUMED).depart()).isEqualTo(Phase.RESUMED);
    }
  }

  @Nested
  class Ends {

    @ParameterizedTest
    @EnumSource(Phase.class)
    void g2_end_isDecidedWhileThereIsACycle(Phase phase) {
      in(phase);
      boolean live =
          EnumSet.of(
                  Phase.OPEN, Phase.DISPATCHING, Phase.DISPATCHED, Phase.RESUMED, Phase.RESTARTING)
              .contains(phase);
      assertThat(lifecycle.end(COMPLETED)).isEqualTo(live);
    }

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "DISPATCHING"})
    void g4_end_beforeTheDispatch_isTheLibrarysToClose(Phase phase) {
      in(phase).end(GONE);
      assertThat(lifecycle.containerCompletes()).isFalse();
      assertThat(lifecycle.claimDispatch()).isFalse();
      lifecycle.claimTell();
      lifecycle.told();
      assertThat(lifecycle.claimClose()).isEqualTo(GONE);
    }

    /** Its thread is on its way, and answers what it finds. */
    @ParameterizedTest
    @EnumSource(names = {"DISPATCHED", "RESUMED"})
    void g4_end_afterTheDispatch_isTheContainersToClose(Phase phase) {
      in(phase).end(GONE);
      assertThat(lifecycle.containerCompletes()).isTrue();
    }

    @Test
    void g4_end_whileTheNextCycleStarts_isTheLibrarysOnceItHas() {
      in(Phase.RESUMED).starting();
      assertThat(other.call(() -> lifecycle.end(GONE))).isTrue();
      lifecycle.started();
      assertThat(lifecycle.containerCompletes()).isFalse();
      assertThat(lifecycle.claimTell()).as("the servlet has not returned").isNull();
      assertThat(lifecycle.depart()).isEqualTo(Phase.ENDED);
      assertThat(lifecycle.claimTell()).isEqualTo(GONE);
    }

    @Test
    void g4_end_whileTheNextCycleIsRefused_staysTheContainers() {
      in(Phase.RESUMED).starting();
      other.call(() -> lifecycle.end(GONE));
      lifecycle.notStarted();
      assertThat(lifecycle.containerCompletes()).isTrue();
    }

    @Test
    void leaveToContainer_untilClosed() {
      in(Phase.TOLD).leaveToContainer();
      assertThat(lifecycle.containerCompletes()).isTrue();
    }

    @Test
    void leaveToContainer_noEnd_changesNothing() {
      in(Phase.OPEN).leaveToContainer();
      assertThat(lifecycle.containerCompletes()).isFalse();
    }
  }

  @Nested
  class Lingering {

    @ParameterizedTest
    @EnumSource(Phase.class)
    void lingered_isWonInLingeringAlone_once(Phase phase) {
      in(phase);
      assertThat(lifecycle.lingered()).isEqualTo(phase == Phase.LINGERING);
      assertThat(lifecycle.lingered()).isFalse();
    }

    @Test
    void g3_lingering_letsReadAndAsk_nothingElse() {
      in(Phase.LINGERING);
      assertThat(lifecycle.enter()).isFalse();
      assertThat(lifecycle.enterToAsk()).isTrue();
      assertThat(lifecycle.enterToRead()).isTrue();
      assertThat(lifecycle.exitRead()).isFalse();
      assertThat(lifecycle.exit()).as("tries to close").isTrue();
      assertThat(lifecycle.claimClose()).isNull();
    }

    @Test
    void g4_claimClose_lingering_waitsForLingered() {
      in(Phase.LINGERING);
      assertThat(lifecycle.claimClose()).isNull();
      assertThat(lifecycle.isClosable()).isFalse();
      lifecycle.lingered();
      assertThat(lifecycle.claimClose()).isEqualTo(GONE);
    }

    @Test
    void g3_lingered_readInside_itsExitCloses() {
      in(Phase.LINGERING).enterToRead();
      assertThat(lifecycle.lingered()).isTrue();
      assertThat(lifecycle.claimClose()).isNull();
      assertThat(lifecycle.exitRead()).isTrue();
      assertThat(lifecycle.claimClose()).isEqualTo(GONE);
    }

    /** A ReadListener goes on with what has arrived. */
    @Test
    void callback_lingering_hasToSeeWhetherThatWasTheLast() {
      assertThat(in(Phase.LINGERING).enterCallback()).isTrue();
      assertThat(lifecycle.exitCallback()).isTrue();
    }

    @Test
    void toldWhileUnread_notTelling_namesTheState() {
      in(Phase.OPEN);
      assertThatIllegalStateException()
          .isThrownBy(lifecycle::toldWhileUnread)
          .withMessageContaining("OPEN");
    }
  }

  @Nested
  class Telling {

    @ParameterizedTest
    @EnumSource(Phase.class)
    void claimTell_isWonAfterTheEndAlone_once(Phase phase) {
      in(phase);
      assertThat(lifecycle.claimTell()).isEqualTo(phase == Phase.ENDED ? GONE : null);
      assertThat(lifecycle.claimTell()).isNull();
    }

    @Test
    void claimTell_ofACompletion_isTheContainers() {
      in(Phase.OPEN).end(COMPLETED);
      assertThat(lifecycle.claimTell()).isNull();
      assertThat(lifecycle.claimClose()).isEqualTo(COMPLETED);
    }

    @Test
    void claimClose_telling_waitsForTold() {
      in(Phase.TELLING);
      assertThat(lifecycle.claimClose()).isNull();
      assertThat(lifecycle.isClosable()).isFalse();
      lifecycle.told();
      assertThat(lifecycle.isClosable()).isTrue();
      assertThat(lifecycle.claimClose()).isEqualTo(GONE);
    }

    @Test
    void told_notTelling_namesTheState() {
      in(Phase.OPEN);
      assertThatIllegalStateException()
          .isThrownBy(lifecycle::told)
          .withMessageContaining("told")
          .withMessageContaining("OPEN");
    }

    @Test
    void enterToAsk_isLetInUntilClosing_enterIsNot() {
      in(Phase.TELLING);
      assertThat(lifecycle.enter()).isFalse();
      assertThat(lifecycle.enterToAsk()).isTrue();
      lifecycle.told();
      assertThat(lifecycle.claimClose()).as("a question is inside").isNull();
      assertThat(lifecycle.exit()).isTrue();
      lifecycle.claimClose();
      assertThat(other.call(lifecycle::enterToAsk)).isFalse();
    }

    @Test
    void enter_leftToTheContainer_isItsThreadsUntilItHasCompleted() {
      in(Phase.RESUMED);
      lifecycle.end(COMPLETED, true);
      assertThat(lifecycle.lets()).isTrue();
      assertThat(lifecycle.enter()).as("the container's error page").isTrue();
      assertThat(other.call(lifecycle::enter)).isFalse();
      assertThat(lifecycle.exit()).isTrue();
      assertThat(lifecycle.claimClose()).isNull();
      lifecycle.depart();
      assertThat(lifecycle.lets()).isFalse();
      assertThat(lifecycle.claimClose()).isEqualTo(COMPLETED);
    }

    @Test
    void enter_completedButTheServletHasNotReturned_isItsOwn() {
      Lifecycle lifecycle = LifecycleTest.openInServlet();
      lifecycle.end(COMPLETED);
      assertThat(other.call(lifecycle::enter)).isFalse();
      assertThat(lifecycle.enter()).isTrue();
      assertThat(lifecycle.claimClose()).isNull();
      lifecycle.exit();
      assertThat(lifecycle.depart()).isEqualTo(Phase.TOLD);
      assertThat(lifecycle.claimClose()).isEqualTo(COMPLETED);
    }
  }
}
