package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionsTest {

  private final ServletRequest foreign = request((proxy, method, arguments) -> null);

  @Test
  void behind_anUnknownContainersRequest_isEmpty() {
    assertEmpty(Connections.behind(foreign));
    assertEmpty(Connections.behind(new ServletRequestWrapper(foreign)));
  }

  @Test
  void behind_aRequestThatThrows_isEmpty() {
    ServletRequest hostile =
        request(
            (proxy, method, arguments) -> {
              throw new NoClassDefFoundError("gone");
            });
    assertEmpty(Connections.behind(hostile));
    assertEmpty(
        Connections.behind(
            new ServletRequestWrapper(foreign) {
              @Override
              public ServletRequest getRequest() {
                throw new IllegalStateException("recycled");
              }
            }));
  }

  private static void assertEmpty(Connection connection) {
    assertThat(connection.container()).isEqualTo("unknown");
    assertThat(connection.channel()).isNull();
    assertThat(connection.peer()).isNull();
    assertThat(connection.local()).isNull();
    assertThat(connection.quirks().writeLock()).isNull();
    assertThat(connection.streamOpen()).isNull();
    assertThat(connection.isMultiplexed()).isFalse();
    assertThat(connection.isSecure()).isFalse();
    AtomicInteger completed = new AtomicInteger();
    assertThat(connection.quirks().abort(completed::incrementAndGet)).isFalse();
    assertThat(completed).hasValue(0);
  }

  private static ServletRequest request(java.lang.reflect.InvocationHandler handler) {
    return (ServletRequest)
        Proxy.newProxyInstance(
            ConnectionsTest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            handler);
  }
}
