package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Logs;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterConfig;

/**
 * Behind mocks that answer null, zero and false to everything, as those of a unit test do: the
 * guards answer the same, and throw nothing.
 */
class MocksTest {

  /** What is asked on the way: the guards, made by the filter over mocks. */
  private interface Servlet {
    void service(HttpServletRequest request, HttpServletResponse response) throws Exception;
  }

  private static <T> T mock(Class<T> type, Map<String, Object> answers) {
    Object mock =
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                answers.containsKey(method.getName())
                    ? answers.get(method.getName())
                    : nothing(method.getReturnType()));
    return type.cast(mock);
  }

  /** The null of a type: a field's value before anything is assigned. */
  private static Object nothing(Class<?> type) {
    return type == void.class ? null : Array.get(Array.newInstance(type, 1), 0);
  }

  private static void behindTheFilter(Map<String, Object> answers, Servlet servlet)
      throws Exception {
    // The filter finds its exchange again by an attribute.
    SafeAsyncFilter filter = new SafeAsyncFilter();
    filter.init(new MockFilterConfig("safe-async"));
    try {
      filter.doFilter(
          mock(HttpServletRequest.class, answers),
          mock(HttpServletResponse.class, Map.of()),
          (request, response) -> {
            try {
              servlet.service((HttpServletRequest) request, (HttpServletResponse) response);
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          });
    } finally {
      filter.destroy();
    }
  }

  /** Calls every method of a type and answers what each has answered. */
  private static <T> Map<String, Object> answers(Class<T> type, T asked) {
    Map<String, Object> answers = new TreeMap<>();
    for (Method method : type.getMethods()) {
      if (!Modifier.isStatic(method.getModifiers())) {
        Object[] arguments = new Object[method.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
          Class<?> parameter = method.getParameterTypes()[i];
          arguments[i] = parameter == String.class ? "name" : nothing(parameter);
        }
        Object answer;
        try {
          answer = method.invoke(asked, arguments);
        } catch (InvocationTargetException e) {
          answer = e.getCause();
        } catch (IllegalAccessException e) {
          throw new AssertionError(e);
        }
        answers.put(method.toString(), answer);
      }
    }
    return answers;
  }

  private static void assertSameAnswers(Map<String, Object> given) throws Exception {
    HttpServletRequest bareRequest = mock(HttpServletRequest.class, given);
    HttpServletResponse bareResponse = mock(HttpServletResponse.class, Map.of());
    behindTheFilter(
        given,
        (request, response) -> {
          assertThat(answers(HttpServletRequest.class, request))
              .isEqualTo(answers(HttpServletRequest.class, bareRequest));
          assertThat(answers(HttpServletResponse.class, response))
              .isEqualTo(answers(HttpServletResponse.class, bareResponse));
        });
  }

  @Test
  void synchronousGuards_answerWhatTheMocksDo_G13() throws Exception {
    try (Logs logs = Logs.capture()) {
      assertSameAnswers(Map.of());
      logs.assertQuiet();
    }
  }

  @Test
  void asynchronousGuards_answerWhatTheMocksDo_G13() throws Exception {
    try (Logs logs = Logs.capture()) {
      AsyncContext context = mock(AsyncContext.class, Map.of());
      Map<String, Object> given = new HashMap<>();
      given.put("startAsync", context);
      given.put("isAsyncSupported", true);
      behindTheFilter(
          given,
          (request, response) -> {
            AsyncContext started = request.startAsync();
            Map<String, Object> asked = answers(HttpServletRequest.class, request);
            asked.keySet().removeIf(method -> method.contains("Async"));
            assertThat(asked.values()).isNotEmpty().isSubsetOf(null, 0, 0L, false);
            assertThat(answers(HttpServletResponse.class, response).values())
                .isSubsetOf(null, 0, 0L, false);
            started.complete();
          });
      logs.assertQuiet();
    }
  }

  @Test
  void startAsyncThatReturnsNull_startsNothing_G13() throws Exception {
    behindTheFilter(
        Map.of("isAsyncSupported", true),
        (request, response) -> {
          assertThat(request.startAsync()).isNull();
          assertThat(request.startAsync(request, response)).isNull();
          assertThat(request.isAsyncStarted()).isFalse();
          assertThatIllegalStateException()
              .isThrownBy(() -> SafeAsyncResponse.of(request))
              .withMessageContaining("returns null");
        });
  }
}
