package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.Handle;
import io.github.safeasync.testkit.Logs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Level;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class EndListenersTest {

  private static final End END = End.of(Kind.COMPLETED, Duration.ofMillis(7));

  private final EndListeners listeners = new EndListeners("an exchange");
  private final List<String> heard = new ArrayList<>();

  private Consumer<End> hears(String name) {
    return end -> heard.add(name);
  }

  private void end() {
    listeners.publish(END);
    listeners.runAll();
  }

  @Nested
  class Before {

    @Test
    void add_noEnd_doesNotRun() {
      listeners.add(hears("a"));

      assertThat(heard).isEmpty();
      assertThat(listeners.isEmpty()).isFalse();
    }

    @Test
    void runAll_notPublished_isMisuse() {
      listeners.add(hears("a"));

      assertThatIllegalStateException().isThrownBy(listeners::runAll);
      assertThat(heard).isEmpty();
    }

    @Test
    void publish_alone_runsNone() {
      listeners.add(hears("a"));

      listeners.publish(END);

      assertThat(heard).isEmpty();
    }

    @Test
    void remove_noEnd_neverRuns() {
      Handle registration = listeners.add(hears("a"));
      listeners.add(hears("b"));

      assertThat(registration.remove()).isTrue();
      assertThat(registration.remove()).isFalse();

      end();
      assertThat(heard).containsExactly("b");
    }

    @Test
    void g4_remove_noEnd_letsGoOfTheListener() {
      listeners.add(hears("a")).remove();

      assertThat(listeners.isEmpty()).isTrue();
    }
  }

  @Nested
  class AtTheEnd {

    @Test
    void g2_runAll_tellsInTheOrderOfRegistration() {
      listeners.add(hears("a"));
      listeners.add(hears("b"));
      listeners.add(hears("c"));

      end();

      assertThat(heard).containsExactly("a", "b", "c");
    }

    @Test
    void runAll_handsOverTheEnd() {
      List<End> ends = new ArrayList<>();
      listeners.add(ends::add);

      end();

      assertThat(ends).singleElement().isSameAs(END);
    }

    @Test
    void g2_runAll_twice_tellsOnce() {
      listeners.add(hears("a"));

      end();
      listeners.runAll();

      assertThat(heard).containsExactly("a");
    }

    @Test
    void g4_runAll_letsGoOfTheListeners() {
      listeners.add(hears("a"));

      end();

      assertThat(listeners.isEmpty()).isTrue();
    }

    @Test
    void g2_sameListenerTwice_hearsTwice() {
      Consumer<End> same = hears("a");
      listeners.add(same);
      listeners.add(same);

      end();

      assertThat(heard).containsExactly("a", "a");
    }

    @Test
    void failingListener_isLoggedAndStopsNoOther() {
      AssertionError failure = new AssertionError("of a listener");
      listeners.add(hears("a"));
      listeners.add(
          end -> {
            throw failure;
          });
      listeners.add(hears("b"));

      try (Logs log = Logs.swallow()) {
        end();

        assertThat(log.lines(Level.WARNING)).singleElement().asString().contains("of an exchange");
        assertThat(log.throwables(Level.WARNING)).containsExactly(failure);
      }
      assertThat(heard).containsExactly("a", "b");
    }

    @Test
    void remove_whileRunning_isFalse() {
      List<Boolean> removed = new ArrayList<>();
      Handle[] own = new Handle[1];
      own[0] = listeners.add(end -> removed.add(own[0].remove()));

      end();

      assertThat(removed).containsExactly(false);
    }

    @Test
    void remove_byAnEarlierListener_doesNotRun() {
      Handle[] later = new Handle[1];
      listeners.add(end -> heard.add("removed " + later[0].remove()));
      later[0] = listeners.add(hears("later"));

      end();

      assertThat(heard).containsExactly("removed true");
    }

    @Test
    void add_byAListener_runsAtOnce() {
      listeners.add(
          end -> {
            listeners.add(hears("inner"));
            heard.add("outer");
          });
      listeners.add(hears("next"));

      end();

      assertThat(heard).containsExactly("inner", "outer", "next");
    }
  }

  @Nested
  class Late {

    @Test
    void g2_add_published_runsAtOnceOnTheCallersThread() {
      end();
      List<Thread> threads = new ArrayList<>();

      listeners.add(end -> threads.add(Thread.currentThread()));

      assertThat(threads).containsExactly(Thread.currentThread());
      assertThat(listeners.isEmpty()).isTrue();
    }

    @Test
    void g2_add_publishedButNotRun_runsOnce() {
      listeners.publish(END);

      listeners.add(hears("a"));
      listeners.runAll();

      assertThat(heard).containsExactly("a");
    }

    @Test
    void remove_hasRun_isFalse() {
      Handle early = listeners.add(hears("a"));
      end();

      assertThat(early.remove()).isFalse();
      assertThat(listeners.add(hears("b")).remove()).isFalse();
    }

    @Test
    void failingListener_doesNotReachTheCaller() {
      end();

      try (Logs log = Logs.swallow()) {
        listeners.add(
            end -> {
              throw new IllegalStateException("of a listener");
            });

        assertThat(log.throwables(Level.WARNING)).hasSize(1);
      }
    }
  }
}
