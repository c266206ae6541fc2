package io.github.safeasync.internal.body;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;
import org.testng.TestListenerAdapter;
import org.testng.TestNG;

/** The rules of Reactive Streams for a subscriber, by their technology compatibility kit. */
class BodySubscriberTckTest {

  /** Run by TestNG, which the kit is written for, and not by JUnit. */
  public static class Kit extends FlowSubscriberBlackboxVerification<ByteBuffer> {

    public Kit() {
      super(new TestEnvironment(500, 50));
    }

    @Override
    public Flow.Subscriber<ByteBuffer> createFlowSubscriber() {
      return new BodySubscriber(openResponse(), failure -> {});
    }

    @Override
    public ByteBuffer createElement(int element) {
      return ByteBuffer.allocate(4).putInt(element).flip();
    }

    private static SafeAsyncResponse openResponse() {
      Class<?> type = SafeAsyncResponse.class;
      Handle registration = () -> true;
      return (SafeAsyncResponse)
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (proxy, method, arguments) ->
                  method.getReturnType() == Handle.class ? registration : Boolean.TRUE);
    }
  }

  @Test
  void subscriber_passesTheKit() {
    TestListenerAdapter results = new TestListenerAdapter();
    TestNG kit = new TestNG(false);
    kit.setVerbose(0);
    kit.setTestClasses(new Class<?>[] {Kit.class});
    kit.addListener(results);
    kit.run();
    assertThat(results.getFailedTests()).isEmpty();
    assertThat(results.getConfigurationFailures()).isEmpty();
    assertThat(results.getPassedTests()).hasSizeGreaterThan(10);
  }
}
