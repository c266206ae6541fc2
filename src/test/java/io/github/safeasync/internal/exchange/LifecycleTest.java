package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.testkit.OtherThread;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LifecycleTest {

  private static final End COMPLETED = End.of(Kind.COMPLETED, Duration.ofMillis(1));
  private static final End SHUT_DOWN = End.of(Kind.SHUT_DOWN, Duration.ofMillis(2));

  private static final End GONE = SomeEnd.of(Kind.DISCONNECTED, Duration.ofMillis(3));

  private final Lifecycle lifecycle = new Lifecycle();
  private final OtherThread other = new OtherThread();

  @AfterEach
  void stopOtherThread() {
    other.close();
  }

  /** One that the servlet has started, which is the calling thread and has not returned. */
  static Lifecycle openInServlet() {
    Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
    lifecycle.starting();
    lifecycle.started();
    return lifecycle;
  }

  private Lifecycle open() {
    lifecycle.starting();
    lifecycle.started();
    return lifecycle;
  }

  private Lifecycle ended() {
    open().end(COMPLETED);
    return lifecycle;
  }

  private Lifecycle closing() {
    ended().claimClose();
    return lifecycle;
  }

  private Lifecycle closed() {
    closing().closed();
    return lifecycle;
  }

  @Nested
  class Callbacks {

    @Test
    void claimTell_callbackOfAnotherThread_waitsForIt() {
      open();
      other.call(lifecycle::enterCallback);
      lifecycle.end(SHUT_DOWN);

      assertThat(lifecycle.claimTell()).isNull();
      assertThat(other.call(lifecycle::exitCallback)).isTrue();
      assertThat(lifecycle.claimTell()).isSameAs(SHUT_DOWN);
    }

    @Test
    void claimTell_callbackOfTheSameThread_isTold() {
      open().enterCallback();
      lifecycle.end(SHUT_DOWN);

      assertThat(lifecycle.claimTell()).isSameAs(SHUT_DOWN);
    }

    @Test
    void claimTellElsewhere_callbackOfTheSameThread_waitsForIt() {
      open().enterCallback();
      lifecycle.end(SHUT_DOWN);

      assertThat(lifecycle.claimTellElsewhere()).isNull();
      assertThat(lifecycle.exitCallback()).isTrue();
      assertThat(lifecycle.claimTellElsewhere()).isSameAs(SHUT_DOWN);
    }

    @Test
    void exitCallback_nested_waitsForTheOuterOne() {
      open().enterCallback();
      lifecycle.enterCallback();
      lifecycle.end(SHUT_DOWN);

      assertThat(lifecycle.exitCallback()).isFalse();
      assertThat(lifecycle.exitCallback()).isTrue();
    }

    @Test
    void exitCallback_open_leavesNothingToDo() {
      open().enterCallback();

      assertThat(lifecycle.exitCallback()).isFalse();
      assertThat(lifecycle.isOpen()).isTrue();
    }

    @Test
    void enterCallback_whileTheEndIsTold_isRefused() {
      open().end(SHUT_DOWN);
      lifecycle.claimTell();

      assertThat(lifecycle.enterCallback()).isFalse();
    }
  }

  @Nested
  class Reads {

    private Lifecycle disconnected() {
      lifecycle.end(GONE);
      return lifecycle;
    }

    @Test
    void g3_claimClose_readInside_waitsForIt() {
      open();
      other.call(lifecycle::enterToRead);
      disconnected().claimTell();
      lifecycle.told();

      assertThat(lifecycle.waitsForReads()).isTrue();
      assertThat(lifecycle.claimClose()).isNull();
      assertThat(other.call(lifecycle::exitRead)).isTrue();
      assertThat(lifecycle.waitsForReads()).isFalse();
      assertThat(lifecycle.claimClose()).isSameAs(GONE);
    }

    @Test
    void claimTell_readInside_isNotDelayed() {
      open().enterToRead();

      assertThat(disconnected().claimTell()).isSameAs(GONE);
    }

    @Test
    void exitRead_open_leavesNothingToDo() {
      open().enterToRead();

      assertThat(lifecycle.exitRead()).isFalse();
      assertThat(lifecycle.isOpen()).isTrue();
    }

    @Test
    void enterToRead_afterADeparture_isLetInUntilTold() {
      open();
      disconnected();
      assertThat(lifecycle.enterToRead()).isTrue();
      lifecycle.exitRead();
      lifecycle.claimTell();
      assertThat(lifecycle.enterToRead()).isTrue();
      lifecycle.exitRead();
      lifecycle.told();
      assertThat(lifecycle.enterToRead()).isFalse();
    }

    @Test
    void enterToRead_afterAnotherEnd_isRefused() {
      open().end(SHUT_DOWN);

      assertThat(lifecycle.enterToRead()).isFalse();
    }

    @Test
    void enterToRead_afterAnotherEnd_isTheServletsUntilItReturns() {
      Lifecycle lifecycle = openInServlet();
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.enterToRead()).isTrue();
      assertThat(other.call(lifecycle::enterToRead)).isFalse();
    }

    @Test
    void abandonReads_ended_letsCloseWithoutThem() {
      open().enterToRead();
      disconnected().claimTell();
      lifecycle.told();
      lifecycle.abandonReads();

      assertThat(lifecycle.claimClose()).isSameAs(GONE);
      lifecycle.closed();
      assertThat(lifecycle.exitRead()).as("comes out late").isFalse();
    }

    @Test
    void abandonReads_noEnd_changesNothing() {
      open().enterToRead();
      lifecycle.abandonReads();

      lifecycle.end(GONE);
      lifecycle.claimTell();
      lifecycle.told();
      assertThat(lifecycle.claimClose()).isNull();
    }

    @Test
    void awaitReads_readInside_isBounded() {
      open().enterToRead();

      lifecycle.awaitReads(1, TimeUnit.MILLISECONDS);

      assertThat(lifecycle.exitRead()).isFalse();
    }
  }

  @Nested
  class Starting {

    @Test
    void starting_new_isWonOnce() {
      assertThat(lifecycle.isNew()).isTrue();

      assertThat(lifecycle.starting()).isTrue();

      assertThat(lifecycle.isNew()).isFalse();
      assertThat(lifecycle.starting()).isFalse();
    }

    @Test
    void started_starting_isOpen() {
      lifecycle.starting();
      assertThat(lifecycle.isOpen()).isFalse();

      lifecycle.started();

      assertThat(lifecycle.isOpen()).isTrue();
      assertThat(lifecycle.starting()).isFalse();
    }

    @Test
    void notStarted_starting_mayStartAgain() {
      lifecycle.starting();

      lifecycle.notStarted();

      assertThat(lifecycle.isNew()).isTrue();
      assertThat(lifecycle.starting()).isTrue();
    }

    /** A read that was counted before comes out as one: all that follow are waited for. */
    @Test
    void notStarted_readInside_keepsItCounted() {
      lifecycle.starting();
      assertThat(lifecycle.enterToRead()).isTrue();

      lifecycle.notStarted();

      assertThat(lifecycle.exitRead()).isFalse();
      lifecycle.starting();
      lifecycle.started();
      assertThat(lifecycle.enterToRead()).isTrue();
      lifecycle.end(SomeEnd.of(End.Kind.DISCONNECTED, Duration.ZERO));
      lifecycle.claimTell();
      lifecycle.told();
      assertThat(lifecycle.claimClose()).as("with a read inside").isNull();
      assertThat(lifecycle.exitRead()).isTrue();
    }

    /** Another thread than the servlet's starts a cycle, which returns and is told meanwhile. */
    @Test
    void started_whileTheEndIsTold_isTheLibrarysToComplete() {
      endedWhileStarting();
      assertThat(lifecycle.claimTell()).isNotNull();

      assertThat(lifecycle.started()).isTrue();

      assertThat(lifecycle.phase()).isEqualTo(Lifecycle.Phase.TELLING);
      assertThat(lifecycle.containerCompletes()).isFalse();
      lifecycle.told();
      assertThat(lifecycle.claimClose()).isNotNull();
    }

    /** Nobody would be told of an end otherwise, and nobody close. */
    @Test
    void started_theServletHasLeftMeanwhile_isNotItsThreads() {
      Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
      other.call(lifecycle::starting);
      lifecycle.leaveChain();
      assertThat(lifecycle.servlet()).isNull();
      assertThat(lifecycle.isContainersThread()).as("it is on its way out").isTrue();
      lifecycle.depart();

      assertThat(other.call(lifecycle::started)).isTrue();

      assertThat(lifecycle.isContainersThread()).isFalse();
      lifecycle.end(SomeEnd.of(End.Kind.DISCONNECTED, Duration.ZERO));
      assertThat(lifecycle.claimTell()).isNotNull();
    }

    @Test
    void started_byAnotherThread_waitsForTheServlet() {
      Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
      other.call(lifecycle::starting);
      other.call(lifecycle::started);
      lifecycle.end(SomeEnd.of(End.Kind.DISCONNECTED, Duration.ZERO));

      assertThat(lifecycle.isServlet()).isTrue();
      lifecycle.leaveChain();
      assertThat(lifecycle.isServlet()).isFalse();
      assertThat(lifecycle.claimTell()).as("the container's thread is inside").isNull();
      lifecycle.depart();
      assertThat(lifecycle.claimTell()).isNotNull();
    }

    @Test
    void leaveChain_new_isTheContainersOwnAffair() {
      Lifecycle lifecycle = new Lifecycle(Thread.currentThread());

      lifecycle.leaveChain();

      assertThat(lifecycle.isContainersThread()).isFalse();
      assertThat(lifecycle.isNew()).isTrue();
    }

    @Test
    void started_closedMeanwhile_isTheCallersToComplete() {
      endedWhileStarting();
      lifecycle.claimTell();
      lifecycle.told();
      lifecycle.claimClose();
      assertThat(lifecycle.started()).isFalse();
      lifecycle.closed();
      assertThat(lifecycle.started()).isFalse();
    }

    private void endedWhileStarting() {
      open().dispatching();
      lifecycle.exit();
      lifecycle.claimDispatch();
      lifecycle.arrive();
      lifecycle.starting();
      assertThat(lifecycle.end(SomeEnd.of(End.Kind.DISCONNECTED, Duration.ZERO))).isTrue();
      lifecycle.depart();
    }

    @Test
    void started_notStarting_namesTheState() {
      assertThatIllegalStateException()
          .isThrownBy(lifecycle::started)
          .withMessageContaining("started does not follow")
          .withMessageContaining("NEW");
    }

    @Test
    void notStarted_open_namesTheState() {
      open();

      assertThatIllegalStateException()
          .isThrownBy(lifecycle::notStarted)
          .withMessageContaining("notStarted does not follow")
          .withMessageContaining("OPEN");
    }

    @Test
    void starting_afterTheEnd_isLost() {
      assertThat(closed().starting()).isFalse();
      assertThat(lifecycle.isNew()).isFalse();
    }
  }

  @Nested
  class Calls {

    @Test
    void g3_enterToAsk_containerHasTakenItsObjectsBack_isRefusedToWhoIsNotInside() {
      open();
      other.call(lifecycle::enter);
      lifecycle.end(GONE);
      lifecycle.leaveToContainer();
      assertThat(lifecycle.enterToAsk()).isTrue();
      lifecycle.exit();

      lifecycle.takenBack();

      assertThat(lifecycle.enterToAsk()).isFalse();
      assertThat(other.call(lifecycle::enterToAsk)).isTrue();
      assertThat(lifecycle.containerCompletes()).isTrue();
    }

    @Test
    void takenBack_libraryCompletes_changesNothing() {
      open().end(GONE);

      lifecycle.takenBack();

      assertThat(lifecycle.enterToAsk()).isTrue();
      assertThat(lifecycle.containerCompletes()).isFalse();
    }

    @Test
    void enter_notStarted_isRefused() {
      assertThat(lifecycle.enter()).isFalse();
      lifecycle.starting();
      assertThat(lifecycle.enter()).isFalse();
    }

    @Test
    void enter_open_isLetIn() {
      assertThat(open().enter()).isTrue();
      assertThat(lifecycle.exit()).isFalse();
      assertThat(lifecycle.isOpen()).isTrue();
    }

    @Test
    void enter_inside_isLetInAgain() {
      open().enter();

      assertThat(lifecycle.enter()).isTrue();

      assertThat(lifecycle.exit()).isFalse();
      assertThat(lifecycle.exit()).isFalse();
      assertThatIllegalStateException().isThrownBy(lifecycle::exit);
    }

    @Test
    void enter_besideAnotherThread_isLetIn() {
      open().enter();

      assertThat(other.call(lifecycle::enter)).isTrue();

      assertThat(lifecycle.exit()).isFalse();
      assertThat(other.call(lifecycle::exit)).isFalse();
    }

    @Test
    void g3_enter_ended_isRefused() {
      assertThat(ended().enter()).isFalse();
    }

    @Test
    void g3_enter_insideAndEnded_isRefused() {
      open().enter();
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.enter()).isFalse();
    }

    @Test
    void g3_enter_closingOrClosed_isRefused() {
      assertThat(other.<Boolean>call(closing()::enter)).isFalse();
      lifecycle.closed();
      assertThat(other.<Boolean>call(lifecycle::enter)).isFalse();
      assertThat(lifecycle.enter()).isFalse();
    }

    @Test
    void enter_closing_isLetInWhereItCloses() {
      assertThat(closing().enter()).as("the container's error page").isTrue();
      assertThat(lifecycle.exit()).isFalse();
      lifecycle.closed();
    }

    @Test
    void exit_notInside_isMisuse() {
      open();
      other.call(lifecycle::enter);

      assertThatIllegalStateException()
          .isThrownBy(lifecycle::exit)
          .withMessageContaining(Thread.currentThread().getName());
      assertThat(other.call(lifecycle::exit)).isFalse();
    }

    @Test
    void exit_lastAfterTheEnd_hasToClose() {
      open().enter();
      lifecycle.enter();
      other.call(lifecycle::enter);
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.exit()).isFalse();
      assertThat(other.call(lifecycle::exit)).isFalse();
      assertThat(lifecycle.exit()).isTrue();
    }
  }

  @Nested
  class HeldUp {

    @Test
    void enterToFail_nothingSent_isRefused() {
      other.call(open()::enter);
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.isHeldUp()).isFalse();
      assertThat(lifecycle.enterToFail()).isFalse();
    }

    @Test
    void enterToFail_open_isRefused() {
      other.call(open()::enterToSend);

      assertThat(lifecycle.isSending()).isTrue();
      assertThat(lifecycle.isHeldUp()).isFalse();
      assertThat(lifecycle.enterToFail()).isFalse();
    }

    @Test
    void g4_enterToFail_endedWhileASendIsInside_isInsideUntilItExits() {
      other.call(open()::enterToSend);
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.isHeldUp()).isTrue();
      assertThat(lifecycle.enterToFail()).isTrue();

      assertThat(other.call(lifecycle::exit)).isFalse();
      assertThat(lifecycle.isHeldUp()).isFalse();
      assertThat(lifecycle.claimClose()).as("no other request's is failed").isNull();
      assertThat(lifecycle.exit()).isTrue();
      assertThat(lifecycle.claimClose()).isNotNull();
    }

    @Test
    void enterToFail_whileTheServletIsInside_waitsForIt() {
      Lifecycle lifecycle = openInServlet();
      other.call(lifecycle::enterToSend);
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.enterToFail()).isFalse();
      lifecycle.depart();
      assertThat(lifecycle.enterToFail()).isTrue();
    }

    @Test
    void isHeldUp_dispatching_isAskedBeforeTheEnd() {
      other.call(open()::enterToSend);
      lifecycle.dispatching();
      lifecycle.exit();

      assertThat(lifecycle.isHeldUp()).isTrue();
      assertThat(lifecycle.enterToFail()).as("an end is decided first").isFalse();
      lifecycle.end(End.failed(new IOException("slow"), Duration.ofMillis(1)));
      assertThat(lifecycle.enterToFail()).isTrue();
    }
  }

  @Nested
  class Ends {

    @Test
    void end_notOpen_isLost() {
      assertThat(lifecycle.end(COMPLETED)).isFalse();
      lifecycle.starting();
      assertThat(lifecycle.end(COMPLETED)).isFalse();
      assertThat(lifecycle.decidedEnd()).isNull();
    }

    @Test
    void g2_end_open_isWonOnce() {
      open();
      assertThat(lifecycle.decidedEnd()).isNull();

      assertThat(lifecycle.end(COMPLETED)).isTrue();

      assertThat(lifecycle.end(SHUT_DOWN)).isFalse();
      assertThat(lifecycle.isOpen()).isFalse();
      assertThat(lifecycle.decidedEnd()).isSameAs(COMPLETED);
    }

    @Test
    void g2_end_closingOrClosed_isLost() {
      closing();
      assertThat(lifecycle.end(SHUT_DOWN)).isFalse();
      lifecycle.closed();
      assertThat(lifecycle.end(SHUT_DOWN)).isFalse();
      assertThat(lifecycle.decidedEnd()).isSameAs(COMPLETED);
    }

    @Test
    void end_inside_isDecidedAtOnceAndClosedByTheExit() {
      open().enter();

      assertThat(lifecycle.end(COMPLETED)).isTrue();

      assertThat(lifecycle.claimClose()).isNull();
      assertThat(lifecycle.exit()).isTrue();
      assertThat(lifecycle.claimClose()).isSameAs(COMPLETED);
    }
  }

  @Nested
  class Close {

    @Test
    void claimClose_noEnd_isRefused() {
      assertThat(lifecycle.claimClose()).isNull();
      open();
      assertThat(lifecycle.claimClose()).isNull();
    }

    @Test
    void g4_claimClose_ended_isWonOnce() {
      ended();

      assertThat(lifecycle.claimClose()).isSameAs(COMPLETED);

      assertThat(lifecycle.claimClose()).isNull();
      assertThat(other.call(() -> lifecycle.claimClose() == null)).isTrue();
    }

    @Test
    void g4_claimClose_closed_isRefused() {
      assertThat(closed().claimClose()).isNull();
    }

    @Test
    void g3_claimClose_anotherThreadInside_isRefusedUntilItIsOut() {
      open();
      other.call(lifecycle::enter);
      lifecycle.end(COMPLETED);

      assertThat(lifecycle.claimClose()).isNull();

      assertThat(other.call(lifecycle::exit)).isTrue();
      assertThat(lifecycle.claimClose()).isSameAs(COMPLETED);
    }

    @Test
    void closed_notClaimed_namesTheState() {
      ended();

      assertThatIllegalStateException()
          .isThrownBy(lifecycle::closed)
          .withMessageContaining("closed does not follow")
          .withMessageContaining("TOLD");
    }

    @Test
    void closed_twice_isMisuse() {
      closed();

      assertThatIllegalStateException()
          .isThrownBy(lifecycle::closed)
          .withMessageContaining("CLOSED");
    }

    @Test
    void closed_claimed_keepsTheEnd() {
      assertThat(closed().decidedEnd()).isSameAs(COMPLETED);
      assertThat(lifecycle.isOpen()).isFalse();
      assertThat(lifecycle.toString()).contains("phase=CLOSED").contains("end=" + COMPLETED);
    }
  }

  @Nested
  class AwaitQuiet {

    @Test
    void awaitQuiet_nobodyInside_isTrueAtOnce() {
      assertThat(lifecycle.awaitQuiet(0, TimeUnit.SECONDS)).isTrue();
      assertThat(open().awaitQuiet(0, TimeUnit.SECONDS)).isTrue();
      lifecycle.end(COMPLETED);
      assertThat(lifecycle.awaitQuiet(0, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void awaitQuiet_ownCallsInside_doesNotWaitForThem() {
      open().enter();
      lifecycle.enter();

      assertThat(lifecycle.awaitQuiet(0, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void awaitQuiet_ownCallAboveAnotherThreads_seesTheOther() {
      open();
      other.call(lifecycle::enter);
      lifecycle.enter();

      assertThat(lifecycle.awaitQuiet(1, TimeUnit.MILLISECONDS)).isFalse();
    }

    @Test
    void awaitQuiet_ownClose_doesNotWaitForIt() {
      assertThat(closing().awaitQuiet(0, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void awaitQuiet_anotherThreadCloses_seesIt() {
      closing();

      assertThat(other.call(() -> lifecycle.awaitQuiet(1, TimeUnit.MILLISECONDS))).isFalse();
      lifecycle.closed();
      assertThat(other.call(() -> lifecycle.awaitQuiet(0, TimeUnit.MILLISECONDS))).isTrue();
    }

    @Test
    void awaitQuiet_anotherThreadStays_isBounded() {
      open();
      other.call(lifecycle::enter);
      long before = System.nanoTime();

      assertThat(lifecycle.awaitQuiet(20, TimeUnit.MILLISECONDS)).isFalse();

      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(Duration.ofMillis(20), Duration.ofSeconds(5));
    }

    @Test
    void awaitQuiet_interrupted_isBoundedAndKeepsTheInterrupt() {
      open();
      other.call(lifecycle::enter);
      Thread.currentThread().interrupt();

      assertThat(lifecycle.awaitQuiet(1, TimeUnit.MILLISECONDS)).isFalse();

      assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void awaitQuiet_anotherThreadComesOut_isTrue() {
      open().enter();
      CompletableFuture<Boolean> quiet = new CompletableFuture<>();
      Thread waiting =
          new Thread(() -> quiet.complete(lifecycle.awaitQuiet(1, TimeUnit.MINUTES)), "waiting");
      waiting.start();
      await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

      lifecycle.exit();

      assertThat(quiet).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
    }
  }
}
