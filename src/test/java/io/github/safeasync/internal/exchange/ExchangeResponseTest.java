package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.HttpStatusException;
import io.github.safeasync.InitParametersTest;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ExchangeResponseTest {

  private final Logs log = Logs.swallow();
  private final RecordedExchange exchange = new RecordedExchange();
  private final SafeAsyncFilter filter = new SafeAsyncFilter();
  private SafeAsyncResponse response;

  @BeforeEach
  void take() throws Exception {
    filter.init(new InitParametersTest.Given(Map.of()));
    filter.doFilter(
        exchange.request(),
        exchange.response().asResponse(),
        (request, ignored) -> response = SafeAsyncResponse.of(request));
  }

  @AfterEach
  void destroy() {
    filter.destroy();
    log.close();
    assertThat(exchange.completions()).as("G4: completed exactly once").isEqualTo(1);
  }

  private End end() {
    CompletableFuture<End> end = response.end().toCompletableFuture();
    assertThat(end).succeedsWithin(Duration.ofSeconds(10));
    return end.join();
  }

  private static Runnable throwing(RuntimeException failure) {
    return () -> {
      throw failure;
    };
  }

  @Test
  void onWritable_afterTheEnd_neverRunsAndIsNoRegistration_G1() {
    List<String> ran = new ArrayList<>();
    response.finish();
    end();

    Handle late = response.onWritable(() -> ran.add("late"));

    assertThat(late.remove()).isFalse();
    assertThat(ran).isEmpty();
  }

  @Nested
  class Guard {

    @Test
    void g5_runnable_fine_runs() {
      List<String> ran = new ArrayList<>();

      response.guard((Runnable) () -> ran.add("once")).run();

      assertThat(ran).containsExactly("once");
      assertThat(response.isOpen()).isTrue();
    }

    @Test
    void g5_runnable_httpStatus_becomesIt() {
      response.guard(throwing(new HttpStatusException(404, "no such thing"))).run();

      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
      assertThat(exchange.response().calls()).containsExactly("sendError 404 no such thing");
      assertThat(log.lines(Level.WARNING)).isEmpty();
    }

    @Test
    void g5_runnable_httpStatusAlone_becomesIt() {
      response.guard(throwing(new HttpStatusException(404))).run();

      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
      assertThat(exchange.response().calls()).containsExactly("sendError 404");
    }

    @Test
    void g5_runnable_otherException_isFailedWith500AndLogged() {
      RuntimeException failure = new IllegalStateException("no disk");

      response.guard(throwing(failure)).run();

      assertThat(end().kind()).isEqualTo(Kind.FAILED);
      assertThat(end().cause()).containsSame(failure);
      assertThat(exchange.response().calls()).containsExactly("sendError 500");
      assertThat(log.throwables(Level.WARNING)).containsExactly(failure);
    }

    @Test
    void g5_runnable_error_isFailedToo() {
      Error failure = new StackOverflowError();

      response
          .guard(
              (Runnable)
                  () -> {
                    throw failure;
                  })
          .run();

      assertThat(end().cause()).containsSame(failure);
    }

    @Test
    void g5_runnable_throwsAfterTheEnd_isOneDebugLine() {
      response.finish();
      end();

      response.guard(throwing(new IllegalStateException("late"))).run();
      response.guard(throwing(new HttpStatusException(404))).run();

      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
      assertThat(log.lines(Level.WARNING)).isEmpty();
      assertThat(log.lines(Level.FINE))
          .hasSize(2)
          .allMatch(line -> line.matches(".*after the end of exchange.*, COMPLETED.*"));
    }

    @Test
    void g12_runnable_throwsAfterTheClientHasGone_isOneDebugLineWithoutAStack() {
      exchange.loseConnection();

      response.guard(throwing(new IllegalStateException("late"))).run();

      assertThat(end().kind()).isEqualTo(Kind.DISCONNECTED);
      assertThat(log.lines(Level.WARNING)).isEmpty();
      assertThat(log.throwables(Level.FINE)).isEmpty();
      assertThat(log.lines(Level.FINE)).hasSize(2).last().asString().contains("late");
    }

    @Test
    void g5_callable_fine_answers() throws Exception {
      assertThat(response.guard((Callable<String>) () -> "answer").call()).isEqualTo("answer");
    }

    @Test
    void g5_callable_throws_answersNull() throws Exception {
      Callable<String> failing =
          () -> {
            throw new IOException("of the application's own");
          };

      assertThat(response.guard(failing).call()).isNull();

      assertThat(end().kind()).isEqualTo(Kind.FAILED);
      assertThat(end().cause()).get().isInstanceOf(IOException.class);
    }

    @Test
    void g5_callable_interrupted_keepsTheInterrupt() throws Exception {
      Callable<String> failing =
          () -> {
            throw new InterruptedException();
          };

      response.guard(failing).call();

      assertThat(Thread.interrupted()).isTrue();
      assertThat(end().kind()).isEqualTo(Kind.FAILED);
    }

    @Test
    void g5_consumer_getsItsArgument_andLetsNoExceptionOut() {
      List<String> got = new ArrayList<>();
      Consumer<String> failing =
          argument -> {
            got.add(argument);
            throw new HttpStatusException(409);
          };

      response.<String>guard(failing).accept("a");

      assertThat(got).containsExactly("a");
      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
      assertThat(exchange.response().calls()).containsExactly("sendError 409");
    }

    @Test
    void g5_biConsumer_fitsWhenComplete_andLetsNoExceptionOut() {
      List<String> got = new ArrayList<>();
      BiConsumer<String, Throwable> failing =
          (result, failure) -> {
            got.add(result + " " + failure);
            throw new HttpStatusException(410);
          };

      CompletableFuture<String> done =
          CompletableFuture.completedFuture("a").whenComplete(response.guard(failing));

      assertThat(done).isCompletedWithValue("a");
      assertThat(got).containsExactly("a null");
      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void guard_null_isRefusedAtOnce() {
      assertThatNullPointerException().isThrownBy(() -> response.guard((Runnable) null));
      assertThatNullPointerException().isThrownBy(() -> response.guard((Callable<String>) null));
      assertThatNullPointerException().isThrownBy(() -> response.guard((Consumer<String>) null));
      assertThatNullPointerException()
          .isThrownBy(() -> response.guard((BiConsumer<String, String>) null));
    }
  }

  @Nested
  class Body {

    @Test
    void finish_writesInOrder() {
      assertThat(response.write("a")).isTrue();
      assertThat(response.write(new byte[] {'b'})).isTrue();
      ByteBuffer buffer = ByteBuffer.wrap(new byte[] {'x', 'c', 'd'}).position(1);
      assertThat(response.write(buffer)).isTrue();
      assertThat(buffer.hasRemaining()).isFalse();
      assertThat(response.finish("e")).isTrue();

      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
      assertThat(exchange.response().body()).isEqualTo("abcde");
    }

    @Test
    void finish_contentTypeAsHeader_isInItsCharset() {
      response.header("content-type", "text/plain;charset=latin1").finish("\u00e9");

      end();
      assertThat(exchange.response().calls())
          .containsExactly("setContentType text/plain;charset=latin1");
      assertThat(exchange.response().body()).isEqualTo("\u00e9");
    }

    @Test
    void finish_head_goesFirst() {
      response.status(201).contentType("text/html").header("A", "b").addHeader("A", "c").finish("");

      end();
      assertThat(exchange.response().calls())
          .containsExactly(
              "setStatus 201",
              "setContentType text/html;charset=utf-8",
              "setHeader A b",
              "addHeader A c");
      assertThat(response.isCommitted()).isTrue();
    }

    @Test
    void write_bytesChangedAfterwards_areNotSeen() {
      byte[] bytes = {'a'};
      response.write(bytes);
      ByteBuffer buffer = ByteBuffer.wrap(new byte[] {'b'});
      response.write(buffer);
      bytes[0] = 'x';
      buffer.array()[0] = 'x';

      response.finish();

      end();
      assertThat(exchange.response().body()).isEqualTo("ab");
    }

    @Test
    void g1_anyCall_finished_answersFalse() {
      response.finish();

      assertThat(response.isOpen()).isFalse();
      assertThatEverythingIsRefused();
      assertThat(exchange.response().body()).isEmpty();
    }

    @Test
    void g1_anyCall_clientGone_answersFalse() {
      response.write("never sent");
      exchange.loseConnection();

      assertThat(response.isOpen()).isFalse();
      assertThatEverythingIsRefused();
      response.status(201).contentType("text/html").header("A", "b").addHeader("A", "c");
      // The library's own, for the access log.
      assertThat(exchange.response().calls()).containsExactly("setStatus 499");
      assertThat(exchange.response().body()).isEmpty();
    }

    private void assertThatEverythingIsRefused() {
      ByteBuffer buffer = ByteBuffer.allocate(3);
      assertThat(response.write("late")).isFalse();
      assertThat(response.write(new byte[1])).isFalse();
      assertThat(response.write(buffer)).isFalse();
      assertThat(response.finish()).isFalse();
      assertThat(response.finish("late")).isFalse();
      assertThat(response.finish(new byte[1])).isFalse();
      assertThat(response.finish(buffer)).isFalse();
      assertThat(buffer.remaining()).isEqualTo(3);
      assertThat(response.sendError(500)).isFalse();
      assertThat(response.sendError(500, "late")).isFalse();
    }
  }

  @Nested
  class Arguments {

    @Test
    void malformed_open_isMisuse() {
      assertMalformedIsRefused();
    }

    @Test
    void malformed_ended_isMisuseAsWell() {
      exchange.loseConnection();

      assertMalformedIsRefused();
    }

    private void assertMalformedIsRefused() {
      assertThatIllegalArgumentException().isThrownBy(() -> response.status(99));
      assertThatIllegalArgumentException().isThrownBy(() -> response.sendError(200));
      assertThatIllegalArgumentException().isThrownBy(() -> response.header("a b", "c"));
      assertThatIllegalArgumentException().isThrownBy(() -> response.addHeader("a", "b\nc"));
      assertThatIllegalArgumentException().isThrownBy(() -> response.contentType("a/b\r\nc: d"));
      for (String none : List.of("", "garbage", "text/", "/plain", "text plain/x")) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> response.contentType(none))
            .withMessageContainingAll("type/subtype", "\"" + none + "\"");
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> response.contentType("text/plain;charset=x-none"));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> response.header("Content-Type", "text/plain;charset=x-none"));
    }

    @Test
    void null_open_isMisuse() {
      assertNullIsRefused();
    }

    @Test
    void null_ended_isMisuseAsWell() {
      exchange.loseConnection();

      assertNullIsRefused();
    }

    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    private void assertNullIsRefused() {
      assertThatNullPointerException().isThrownBy(() -> response.write((String) null));
      assertThatNullPointerException().isThrownBy(() -> response.write((byte[]) null));
      assertThatNullPointerException().isThrownBy(() -> response.write((ByteBuffer) null));
      assertThatNullPointerException().isThrownBy(() -> response.finish((String) null));
      assertThatNullPointerException().isThrownBy(() -> response.finish((byte[]) null));
      assertThatNullPointerException().isThrownBy(() -> response.finish((ByteBuffer) null));
      assertThatNullPointerException().isThrownBy(() -> response.header(null, "a"));
      assertThatNullPointerException().isThrownBy(() -> response.addHeader("a", null));
      assertThatNullPointerException().isThrownBy(() -> response.contentType(null));
      assertThatNullPointerException().isThrownBy(() -> response.onEnd(null));
      assertThatNullPointerException().isThrownBy(() -> response.onDisconnect(null));
    }
  }

  @Nested
  class Listeners {

    private final List<Object> heard = new ArrayList<>();

    @Test
    void onDisconnect_clientGone_hearsTheDepartureOnce() {
      response.onDisconnect(heard::add);

      exchange.loseConnection();
      exchange.loseConnection();

      assertThat(heard).containsExactly(end().departure().orElseThrow());
      assertThat(end().departure().orElseThrow().evidence()).isEqualTo(Evidence.CONNECTION_LOST);
    }

    @Test
    void onDisconnect_clientHasGone_runsAtOnce() {
      exchange.loseConnection();

      response.onDisconnect(heard::add);

      assertThat(heard).hasSize(1);
    }

    @Test
    void g9_onDisconnect_normalEnd_neverRuns() {
      response.onDisconnect(heard::add);

      response.finish("ok");
      end();

      response.onDisconnect(heard::add);
      assertThat(heard).isEmpty();
    }

    @Test
    void onEnd_removed_neverRuns() {
      assertThat(response.onEnd(heard::add).remove()).isTrue();

      response.finish();

      end();
      assertThat(heard).isEmpty();
    }

    @Test
    void end_completedByTheApplication_isNotChanged() {
      response.end().toCompletableFuture().complete(SomeEnd.of(Kind.FAILED));

      assertThat(response.isOpen()).isTrue();
      response.finish();
      assertThat(end().kind()).isEqualTo(Kind.COMPLETED);
    }
  }

  @Nested
  class Filter {

    @Test
    void of_again_isTheSame() {
      assertThat(SafeAsyncResponse.of(exchange.request())).isSameAs(response);
    }

    @Test
    void of_withoutAFilter_saysHowToInstallIt() {
      RecordedExchange bare = new RecordedExchange();

      assertThatIllegalStateException()
          .isThrownBy(() -> SafeAsyncResponse.of(bare.request()))
          .withMessageContaining("SafeAsyncFilter")
          .withMessageContaining("web.xml")
          .withMessageContaining("<async-supported>true</async-supported>");
    }

    @Test
    void destroy_open_endsShutDown() {
      filter.destroy();

      assertThat(end().kind()).isEqualTo(Kind.SHUT_DOWN);
      assertThat(exchange.response().calls()).containsExactly("sendError 503");
      assertThat(log.lines(Level.INFO)).last().asString().contains("1 open exchanges");
    }

    @Test
    void g4_of_destroyedMeanwhile_endsShutDownAtOnce() throws Exception {
      RecordedExchange late = new RecordedExchange();
      SafeAsyncResponse[] taken = new SafeAsyncResponse[1];

      filter.doFilter(
          late.request(),
          late.response().asResponse(),
          (request, ignored) -> {
            filter.destroy();
            taken[0] = SafeAsyncResponse.of(request);
          });

      assertThat(taken[0].end().toCompletableFuture())
          .succeedsWithin(Duration.ofSeconds(10))
          .extracting(End::kind)
          .isEqualTo(Kind.SHUT_DOWN);
      // Another thread closes, once the end has been published.
      Witness.await().atMost(Witness.SOON).until(() -> late.completions() > 0);
      assertThat(late.completions()).isEqualTo(1);
    }

    @Test
    void g2_timeout_passes_endsTimedOut() throws Exception {
      RecordedExchange slow = new RecordedExchange();
      SafeAsyncFilter impatient = new SafeAsyncFilter();
      impatient.init(new InitParametersTest.Given(Map.of("timeout", "1", "timeout-status", "504")));
      SafeAsyncResponse[] taken = new SafeAsyncResponse[1];

      impatient.doFilter(
          slow.request(),
          slow.response().asResponse(),
          (request, ignored) -> taken[0] = SafeAsyncResponse.of(request));

      assertThat(taken[0].end().toCompletableFuture())
          .succeedsWithin(Duration.ofSeconds(10))
          .extracting(End::kind)
          .isEqualTo(Kind.TIMED_OUT);
      await().until(() -> slow.completions() == 1);
      impatient.destroy();
      assertThat(slow.response().calls()).containsExactly("sendError 504");
    }

    @Test
    void doFilter_notInitialised_isMisuse() {
      assertThatIllegalStateException()
          .isThrownBy(() -> new SafeAsyncFilter().doFilter(exchange.request(), null, (a, b) -> {}))
          .withMessageContaining("not initialised");
    }

    @Test
    void init_malformed_throws() {
      InitParametersTest.Given malformed = new InitParametersTest.Given(Map.of("timeout", "soon"));

      assertThatExceptionOfType(ServletException.class)
          .isThrownBy(() -> new SafeAsyncFilter().init(malformed))
          .withMessageContaining("timeout = \"soon\"");
    }
  }
}
