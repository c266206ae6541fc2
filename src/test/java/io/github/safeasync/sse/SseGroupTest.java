package io.github.safeasync.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** What no container brings about: a call that throws, and calls that come at the worst moment. */
class SseGroupTest {

  private final SseGroup group = SseGroup.replaying(10);

  @Test
  void callThatThrows_isNotTheEndOfTheGroup() {
    Recorded response = new Recorded();
    group.add(response.stream(null));
    response.failing = new OutOfMemoryError("as if");
    assertThatThrownBy(() -> group.send(SseMessage.of("lost"))).isSameAs(response.failing);
    response.failing = null;
    group.send(SseMessage.of("next"));
    assertThat(response.sent).containsExactly("data: next\n\n");
  }

  /** The first client's write is where another thread of the group's would be at work. */
  @Test
  void clientThatIsTakenOutBeforeItWasAdded_isNeverSentAnything() {
    Recorded busy = new Recorded();
    Recorded brief = new Recorded();
    AtomicBoolean removed = new AtomicBoolean();
    group.add(busy.stream(null));
    busy.atWrite =
        () -> {
          Handle added = group.add(brief.stream("forgotten"));
          assertThat(group.size()).isOne();
          removed.set(added.remove());
          assertThat(added.remove()).isFalse();
        };
    group.send(SseMessage.of("a").id("1"));
    busy.atWrite = () -> {};
    group.send(SseMessage.of("b").id("2"));
    assertThat(removed).isTrue();
    assertThat(brief.sent).isEmpty();
    assertThat(busy.sent).hasSize(2);
  }

  @RepeatedTest(100)
  void clientThatIsTakenOutWhileItIsAdded_isOut() throws Exception {
    Thread sender =
        new Thread(
            () -> {
              for (int i = 0; i < 200; i++) {
                group.send(SseMessage.of("x"));
              }
            });
    sender.start();
    for (int i = 0; i < 200; i++) {
      assertThat(group.add(new Recorded().stream(null)).remove()).isTrue();
    }
    sender.join();
    group.send(SseMessage.of("the last call is carried out by now"));
    assertThat(group.size()).isZero();
  }

  @Test
  void streamThatIsAddedTwice_isSentEverythingOnce() {
    Recorded response = new Recorded();
    SseStream stream = response.stream("forgotten");
    group.send(SseMessage.of("old").id("1"));
    Handle first = group.add(stream);
    Handle second = group.add(stream);
    group.send(SseMessage.of("new").id("2"));
    assertThat(response.sent).hasSize(2);
    second.remove();
    assertThat(group.size()).isOne();
    first.remove();
    assertThat(group.size()).isZero();
  }

  @Test
  void streamThatIsAddedAndTakenOutAgain_keepsNoListener() {
    Recorded response = new Recorded();
    SseStream stream = response.stream(null);
    for (int i = 0; i < 3; i++) {
      Handle added = group.add(stream);
      assertThat(response.endListeners).hasValue(1);
      added.remove();
      assertThat(response.endListeners).hasValue(0);
    }
  }

  /** A response that takes everything and notes it. */
  private static final class Recorded {

    private final List<String> sent = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger endListeners = new AtomicInteger();
    private volatile Error failing;
    private volatile Runnable atWrite = () -> {};

    SseStream stream(String lastEventId) {
      Class<?>[] type = {SafeAsyncResponse.class};
      Object response =
          Proxy.newProxyInstance(
              type[0].getClassLoader(),
              type,
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "isWritable" -> true;
                    case "writeAndFlush" -> written((ByteBuffer) arguments[0]);
                    case "onEnd" -> registered();
                    default -> throw new AssertionError("Not expected: " + method);
                  });
      return new SseStream((SafeAsyncResponse) response, lastEventId);
    }

    private Handle registered() {
      endListeners.incrementAndGet();
      return () -> endListeners.decrementAndGet() >= 0;
    }

    private boolean written(ByteBuffer bytes) {
      if (failing != null) {
        throw failing;
      }
      sent.add(StandardCharsets.UTF_8.decode(bytes.duplicate()).toString());
      atWrite.run();
      return true;
    }
  }
}
