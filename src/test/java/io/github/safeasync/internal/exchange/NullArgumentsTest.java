package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.HalfClose;
import io.github.safeasync.HttpStatusException;
import io.github.safeasync.InitParametersTest;
import io.github.safeasync.OverLimit;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.jdbc.CancelStatements;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import io.github.safeasync.sse.SseGroup;
import io.github.safeasync.sse.SseMessage;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.http.Cookie;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A null argument throws a NullPointerException that names the parameter, whatever the state. */
class NullArgumentsTest {

  private static final List<Object> SAMPLES =
      List.of(
          "text/plain",
          new byte[1],
          ByteBuffer.allocate(1),
          Duration.ofSeconds(1),
          new Cookie("name", "value"),
          Path.of("file"),
          new ByteArrayInputStream(new byte[1]),
          Channels.newChannel(InputStream.nullInputStream()),
          new CompletableFuture<>(),
          Thread.currentThread(),
          CancelPolicy.values()[0],
          OverLimit.FAIL,
          HalfClose.values()[0],
          SafeAsyncConfig.defaults(),
          SseMessage.of("data"),
          CancelStatements.ALL);

  private static SafeAsyncResponse response() throws Exception {
    RecordedExchange exchange = new RecordedExchange();
    SafeAsyncFilter filter = new SafeAsyncFilter();
    filter.init(new InitParametersTest.Given(Map.of()));
    SafeAsyncResponse[] taken = new SafeAsyncResponse[1];
    filter.doFilter(
        exchange.request(),
        exchange.response().asResponse(),
        (request, ignored) -> taken[0] = SafeAsyncResponse.of(request));
    taken[0].finish();
    filter.destroy();
    return taken[0];
  }

  @TestFactory
  Stream<DynamicTest> nullArgument_isNamed() throws Exception {
    SafeAsyncResponse response = response();
    return Stream.of(
            of(SafeAsyncResponse.class, response),
            of(CancellationToken.class, response.token()),
            of(CancellationToken.class, CancellationToken.none()),
            of(SafeAsyncConfig.Builder.class, SafeAsyncConfig.builder()),
            of(SafeAsyncFilter.class, null),
            of(SseMessage.class, SseMessage.of("data")),
            of(SseStream.class, null),
            of(SseGroup.class, null),
            of(SafeAsyncDataSource.class, null),
            of(HttpStatusException.class, null))
        .flatMap(each -> each);
  }

  /** One test for each parameter that takes no null; of static methods alone without an object. */
  private static Stream<DynamicTest> of(Class<?> type, @Nullable Object object) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isBridge())
        .filter(method -> object != null || Modifier.isStatic(method.getModifiers()))
        .flatMap(
            method ->
                IntStream.range(0, method.getParameterCount())
                    .filter(at -> takesNoNull(method.getParameters()[at]))
                    .mapToObj(at -> test(method, at, object)));
  }

  private static boolean takesNoNull(Parameter parameter) {
    return !parameter.getType().isPrimitive()
        && !parameter.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  private static DynamicTest test(Method method, int at, @Nullable Object object) {
    Parameter parameter = method.getParameters()[at];
    String name =
        method.getDeclaringClass().getSimpleName()
            + "."
            + method.getName()
            + Arrays.toString(method.getParameterTypes())
            + " "
            + parameter.getName()
            + (object == null ? "" : " of " + object.getClass().getSimpleName());
    return DynamicTest.dynamicTest(name, () -> assertNamed(method, at, object));
  }

  private static void assertNamed(Method method, int at, @Nullable Object object)
      throws IllegalAccessException {
    Object[] arguments = new Object[method.getParameterCount()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = i == at ? null : sample(method.getParameterTypes()[i]);
    }
    Throwable thrown = null;
    try {
      method.setAccessible(true);
      method.invoke(object, arguments);
    } catch (InvocationTargetException e) {
      thrown = e.getCause();
    }
    assertThat(thrown).isInstanceOf(NullPointerException.class);
    if (method.getParameters()[at].isNamePresent()) {
      assertThat(thrown).message().isIn(names(method, at));
    } else {
      // Lincheck, where it has run in this JVM before, leaves them out of what it has transformed.
      assertThat(thrown).message().matches("[a-z][A-Za-z-]*");
    }
  }

  /** The parameter's, or that of the setting. */
  private static List<String> names(Method method, int at) {
    return List.of(
        method.getParameters()[at].getName(),
        method.getName().replaceAll("(?=[A-Z])", "-").toLowerCase(Locale.ROOT));
  }

  private static Object sample(Class<?> type) {
    if (type == int.class) {
      return 404;
    } else if (type == long.class) {
      return 404L;
    } else if (type == boolean.class) {
      return true;
    }
    return SAMPLES.stream()
        .filter(type::isInstance)
        .findFirst()
        .orElseGet(
            () ->
                Proxy.newProxyInstance(
                    type.getClassLoader(), new Class<?>[] {type}, (proxy, called, given) -> null));
  }
}
