package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncConfig.AfterDisconnect;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.internal.guard.GuardedAsyncContext;
import io.github.safeasync.internal.guard.GuardedOutputStream;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.internal.guard.GuardedWriter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Every method of every guarded object, as the running Servlet API has them: while the exchange is
 * open it does what the container's does, to the bytes on the wire; after each kind of end it does
 * and answers what {@code GuardedSurface.txt} has decided. A method of a later API that is not
 * decided there fails the test.
 */
class GuardedSurfaceIT {

  /** What is called; in the order of {@link Surface#of}. */
  private static final List<Class<?>> TYPES =
      List.of(
          HttpServletRequest.class,
          HttpServletResponse.class,
          ServletOutputStream.class,
          PrintWriter.class,
          AsyncContext.class);

  /**
   * What differs from one request to the next: ids, and the client's port. And what takes the
   * connection away from HTTP or sends a second response on it, which this test could not read:
   * CompatibilityIT plays those.
   */
  private static final Set<String> NOT_COMPARED =
      Set.of("getRequestId", "getRemotePort", "getServletConnection", "upgrade", "newPushBuilder");

  /** The objects of one exchange. */
  private record Surface(
      HttpServletRequest request, HttpServletResponse response, AsyncContext context) {

    Object of(Class<?> type) throws IOException {
      if (type == HttpServletRequest.class) {
        return request;
      } else if (type == HttpServletResponse.class) {
        return response;
      } else if (type == ServletOutputStream.class) {
        return response.getOutputStream();
      } else if (type == PrintWriter.class) {
        return response.getWriter();
      }
      return context;
    }
  }

  private final BlockingQueue<Surface> pending = new LinkedBlockingQueue<>();

  private static List<Method> methods(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> method.getDeclaringClass() != Object.class)
        .filter(method -> !Modifier.isStatic(method.getModifiers()) && !method.isBridge())
        .sorted(java.util.Comparator.comparing(GuardedSurfaceIT::key))
        .toList();
  }

  private static String key(Method method) {
    return method.getName()
        + Arrays.stream(method.getParameterTypes())
            .map(Class::getSimpleName)
            .collect(joining(",", "(", ")"));
  }

  private static Map<String, String> decisions() throws IOException {
    Map<String, String> decisions = new TreeMap<>();
    try (var in = GuardedSurfaceIT.class.getResourceAsStream("GuardedSurface.txt")) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> line.split("\\s+"))
          .forEach(cells -> decisions.put(cells[0] + " " + cells[1], cells[2]));
    }
    return decisions;
  }

  private static String decided(Map<String, String> decisions, Class<?> type, Method method) {
    return decisions.get(type.getSimpleName() + " " + key(method));
  }

  @Test
  void everyMethodOfTheRunningApi_isDecided() throws IOException {
    Map<String, String> decisions = decisions();
    assertThat(TYPES)
        .allSatisfy(
            type ->
                assertThat(methods(type))
                    .filteredOn(method -> decided(decisions, type, method) == null)
                    .as("new API methods of %s without a decision", type.getSimpleName())
                    .isEmpty());
  }

  /** A guard that inherits a method would let it through to the container at any time. */
  @Test
  void everyMethodOfTheRunningApi_isTheGuardsOwn() {
    List<Class<?>> guards =
        List.of(
            GuardedRequest.class,
            GuardedResponse.class,
            GuardedOutputStream.class,
            GuardedWriter.class,
            GuardedAsyncContext.class);
    List<String> inherited = new ArrayList<>();
    for (int i = 0; i < TYPES.size(); i++) {
      for (Method method : methods(TYPES.get(i))) {
        try {
          guards.get(i).getDeclaredMethod(method.getName(), method.getParameterTypes());
        } catch (NoSuchMethodException e) {
          inherited.add(guards.get(i).getSimpleName() + " " + key(method));
        }
      }
    }
    assertThat(inherited).isEmpty();
  }

  private Site start(Container container, SafeAsyncConfig config) throws Exception {
    return Site.start(
        container,
        Transport.PLAIN,
        config,
        application ->
            application
                .handler(
                    "/kept",
                    (in, out) -> {
                      AsyncContext context = in.startAsync();
                      context.setTimeout(in.getParameter("timeout") == null ? 0 : 50);
                      context.addListener(new DeafListener());
                      pending.add(new Surface(in, out, context));
                    })
                .handler("/taken", (in, out) -> SafeAsyncResponse.of(in)));
  }

  private Surface next() throws InterruptedException {
    Surface surface = pending.poll(10, SECONDS);
    assertThat(surface).isNotNull();
    return surface;
  }

  private static void awaitEnd(Surface surface) {
    Exchange exchange = Exchange.of((GuardedRequest) surface.request);
    await().until(() -> exchange.lifecycle().phase() == Lifecycle.Phase.CLOSED);
  }

  @ParameterizedTest
  @EveryContainer
  void afterFinish_everyMethodDoesWhatIsDecided_G3(Container container) throws Exception {
    for (AfterDisconnect mode : AfterDisconnect.values()) {
      try (Site site = start(container, config(mode));
          RawClient client = RawClient.connect(site.server())) {
        client.get("/kept");
        Surface surface = next();
        surface.response.getOutputStream().print("done");
        surface.context.complete();
        assertThat(client.readResponse().body()).isEqualTo("done");
        awaitEnd(surface);
        doesWhatIsDecided(surface, mode, IOException.class);
        assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterHangUp_everyMethodDoesWhatIsDecided_G3(Container container) throws Exception {
    for (AfterDisconnect mode : AfterDisconnect.values()) {
      try (Logs logs = Logs.capture();
          Site site = start(container, config(mode))) {
        RawClient client = RawClient.connect(site.server()).get("/kept");
        Surface surface = next();
        surface.response.getWriter().print("never seen");
        client.closeFin();
        awaitEnd(surface);
        doesWhatIsDecided(surface, mode, ClientDisconnectedException.class);
        logs.assertQuiet();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterTimeout_everyMethodDoesWhatIsDecided_G3(Container container) throws Exception {
    for (AfterDisconnect mode : AfterDisconnect.values()) {
      try (Logs expected = Logs.swallow();
          Site site = start(container, config(mode));
          RawClient client = RawClient.connect(site.server())) {
        client.get("/kept?timeout=yes");
        Surface surface = next();
        awaitEnd(surface);
        doesWhatIsDecided(surface, mode, IOException.class);
      }
    }
  }

  private static String attributesSetLate(HttpServletRequest request) {
    request.setAttribute("early", "changed");
    request.setAttribute("new", "late");
    request.removeAttribute("unwanted");
    List<String> names = Collections.list(request.getAttributeNames());
    return Stream.of("early", "new", "unwanted")
        .map(name -> name + " " + request.getAttribute(name) + " " + names.contains(name))
        .collect(joining(", "));
  }

  private Surface waiting(RawClient client) throws Exception {
    client.get("/kept");
    Surface surface = next();
    surface.request.setAttribute("early", "as it was");
    surface.request.setAttribute("unwanted", "as it was");
    return surface;
  }

  /** The raw container does not notice that its client has gone, and goes on with its request. */
  @ParameterizedTest
  @EveryContainer
  void attributesThatAreSetAfterTheHangUp_areSeen_G13(Container container) throws Exception {
    String without;
    try (TestServer raw = container.start(app -> app.handler("/kept", this::keep));
        RawClient client = RawClient.connect(raw)) {
      Surface surface = waiting(client);
      client.closeFin();
      without = attributesSetLate(surface.request);
      surface.context.complete();
    }
    try (Site site = start(container, SafeAsyncConfig.defaults());
        RawClient client = RawClient.connect(site.server())) {
      Surface surface = waiting(client);
      client.closeFin();
      awaitEnd(surface);
      assertThat(attributesSetLate(surface.request))
          .isEqualTo(without)
          .isEqualTo("early changed true, new late true, unwanted null false");
    }
  }

  /** What an application would take for done, or for an answer about its user. */
  private static final Set<String> TAKEN_FOR_DONE =
      Set.of("getSession", "changeSessionId", "authenticate", "login", "upgrade");

  private static boolean fails(Surface surface, Method method) {
    return call(surface, HttpServletRequest.class, method).startsWith("threw ");
  }

  @ParameterizedTest
  @EveryContainer
  void whatTheContainerRefusesOnceItIsCompleted_isRefused_G13(Container container)
      throws Exception {
    try (Logs expected = Logs.swallow();
        TestServer raw = container.start(app -> app.handler("/kept", this::keep));
        Site site = start(container, SafeAsyncConfig.defaults())) {
      for (Method method : methods(HttpServletRequest.class)) {
        if (TAKEN_FOR_DONE.contains(method.getName())) {
          try (RawClient without = RawClient.connect(raw);
              RawClient with = RawClient.connect(site.server())) {
            without.get("/kept");
            Surface own = next();
            own.context.complete();
            without.readResponse();
            await()
                .untilAsserted(() -> assertThat(fails(own, method)).as("raw %s", method).isTrue());
            with.get("/kept");
            Surface guarded = next();
            guarded.context.complete();
            with.readResponse();
            awaitEnd(guarded);
            assertThat(fails(guarded, method)).as("%s", method).isTrue();
          }
        }
      }
    }
  }

  /** Whose roles nobody knows but the container, or who has wrapped its request. */
  private static HttpServletRequest of(HttpServletRequest request, Principal user) {
    return new HttpServletRequestWrapper(request) {
      @Override
      public Principal getUserPrincipal() {
        return user;
      }

      @Override
      public boolean isUserInRole(String role) {
        return role.equals("reader");
      }
    };
  }

  @ParameterizedTest
  @EveryContainer
  void rolesOfAUserAfterTheHangUp_areNotDenied_butRefused_G13(Container container)
      throws Exception {
    Principal user = () -> "somebody";
    try (TestServer server =
            container.start(
                app ->
                    app.filter(
                            (in, out, chain) ->
                                chain.doFilter(of((HttpServletRequest) in, user), out))
                        .filter(new SafeAsyncFilter())
                        .handler("/kept", this::keep));
        RawClient client = RawClient.connect(server)) {
      client.get("/kept");
      Surface surface = next();
      assertThat(surface.request.isUserInRole("reader")).isTrue();
      client.closeFin();
      awaitEnd(surface);
      assertThatIllegalStateException()
          .isThrownBy(() -> surface.request.isUserInRole("reader"))
          .withMessage(
              "The exchange is over: ask before it whether the user is in the role reader");
      assertThat(surface.request.getUserPrincipal()).isSameAs(user);
    }
  }

  private void keep(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    pending.add(new Surface(request, response, context));
  }

  private static SafeAsyncConfig config(AfterDisconnect mode) {
    return SafeAsyncConfig.builder().afterDisconnect(mode).build();
  }

  private static void doesWhatIsDecided(
      Surface surface, AfterDisconnect mode, Class<? extends IOException> failure)
      throws Exception {
    Map<String, String> decisions = decisions();
    String missing = "threw " + failure.getName();
    String fails = mode == AfterDisconnect.THROW ? missing : "nothing";
    List<String> surprises = new ArrayList<>();
    for (Class<?> type : TYPES) {
      for (Method method : methods(type)) {
        String expected = decided(decisions, type, method);
        String answer = call(surface, type, method);
        String outcome =
            switch (expected) {
              case "fails" -> fails;
              case "missing" -> missing;
              case "unserved" -> "threw " + ServletException.class.getName();
              case "refused" -> "threw " + IllegalStateException.class.getName();
              default -> expected;
            };
        if (!matches(outcome, answer)) {
          surprises.add(type.getSimpleName() + " " + key(method) + ": " + answer);
        }
      }
    }
    assertThat(surprises).isEmpty();
  }

  private static boolean matches(String expected, String answer) {
    return switch (expected) {
      case "some" -> !answer.equals("null") && !answer.startsWith("threw ");
      case "any", "nothing" -> !answer.startsWith("threw ");
      default -> answer.equals(expected);
    };
  }

  @ParameterizedTest
  @EveryContainer
  void open_everyMethodDoesWhatTheContainersDoes(Container container) throws Exception {
    BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    List<Class<?>> types = new ArrayList<>();
    List<Method> called = new ArrayList<>();
    for (Class<?> type : TYPES) {
      for (Method method : methods(type)) {
        if (!NOT_COMPARED.contains(method.getName())) {
          types.add(type);
          called.add(method);
        }
      }
    }
    Handler handler =
        (in, out) -> {
          if (in.getDispatcherType() != DispatcherType.REQUEST) {
            return;
          }
          int index = Integer.parseInt(in.getParameter("index"));
          AsyncContext context = in.startAsync();
          answers.add(call(new Surface(in, out, context), types.get(index), called.get(index)));
          if (!Set.of("dispatch", "complete").contains(called.get(index).getName())) {
            context.complete();
          }
        };
    Handler plain = (in, out) -> out.getWriter().write("plain");
    try (Logs expected = Logs.swallow();
        TestServer raw =
            container.start(app -> app.handler("/call", handler).handler("/plain", plain));
        TestServer guarded =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter())
                        .handler("/call", handler)
                        .handler("/plain", plain))) {
      List<String> differences = new ArrayList<>();
      for (int index = 0; index < called.size(); index++) {
        String without = wire(raw, "/call?index=" + index, answers);
        String with = wire(guarded, "/call?index=" + index, answers);
        if (!without.equals(with)) {
          differences.add(
              types.get(index).getSimpleName()
                  + " "
                  + key(called.get(index))
                  + "\n  without: "
                  + without
                  + "\n  with:    "
                  + with);
        }
      }
      assertThat(differences).isEmpty();
    }
  }

  private static String wire(TestServer server, String path, BlockingQueue<String> answers)
      throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      RawResponse response = client.get(path).readResponse();
      Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      headers.putAll(response.headers());
      headers.remove("Date");
      headers.computeIfPresent("Set-Cookie", (name, value) -> List.of("a session"));
      String answer = answers.poll(10, SECONDS);
      return (response.status() + " " + headers + " " + response.end() + " " + response.body())
              .replace(Integer.toString(server.port()), "PORT")
          + (" [" + answer + "]").replace(Integer.toString(server.port()), "PORT");
    }
  }

  private static String call(Surface surface, Class<?> type, Method method) {
    try {
      Object answer = method.invoke(surface.of(type), arguments(surface, type, method));
      return method.getReturnType() == void.class ? "nothing" : describe(answer);
    } catch (InvocationTargetException e) {
      return "threw " + e.getCause().getClass().getName();
    } catch (IllegalAccessException | IOException | RuntimeException e) {
      return "threw " + e;
    }
  }

  private static String describe(Object answer) {
    if (answer == null) {
      return "null";
    } else if (answer instanceof String
        || answer instanceof Boolean
        || answer instanceof Number
        || answer instanceof StringBuffer
        || answer instanceof Enum) {
      return answer.toString();
    }
    return answer instanceof PrintWriter ? "a PrintWriter" : "some";
  }

  private static Object[] arguments(Surface surface, Class<?> type, Method method) {
    boolean range =
        Stream.of(method.getParameterTypes()).filter(each -> each == int.class).count() == 2
            && method.getParameterCount() == 3;
    Object[] arguments = new Object[method.getParameterCount()];
    int ints = 0;
    for (int i = 0; i < arguments.length; i++) {
      Class<?> each = method.getParameterTypes()[i];
      arguments[i] = range && each == int.class ? (Object) ints++ : argument(surface, method, each);
    }
    return arguments;
  }

  private static Object argument(Surface surface, Method method, Class<?> type) {
    if (type == String.class || type == CharSequence.class || type == Object.class) {
      return method.getName().startsWith("dispatch") ? "/plain" : "text";
    } else if (type == int.class) {
      return switch (method.getName()) {
        case "sendError" -> 404;
        case "setContentLength" -> 0;
        default -> 302;
      };
    } else if (type == long.class) {
      return method.getName().equals("setContentLengthLong") ? 0L : 60_000L;
    } else if (type == boolean.class) {
      return true;
    } else if (type == char.class) {
      return 'c';
    } else if (type == float.class) {
      return 1.5f;
    } else if (type == double.class) {
      return 2.5d;
    } else if (type == byte[].class) {
      return new byte[] {'a', 'b', 'c'};
    } else if (type == char[].class) {
      return new char[] {'a', 'b', 'c'};
    } else if (type == Object[].class) {
      return new Object[0];
    } else if (type == Locale.class) {
      return Locale.ENGLISH;
    } else if (type == Charset.class) {
      return StandardCharsets.UTF_8;
    } else if (type == ByteBuffer.class) {
      return ByteBuffer.wrap(new byte[] {'a', 'b', 'c'});
    } else if (type == Cookie.class) {
      return new Cookie("name", "value");
    } else if (type == Class.class) {
      return method.getName().equals("upgrade") ? HttpUpgradeHandler.class : DeafListener.class;
    } else if (type == AsyncListener.class) {
      return new DeafListener();
    } else if (type == Runnable.class) {
      return (Runnable) () -> {};
    } else if (type == Supplier.class) {
      return (Supplier<?>) Map::of;
    } else if (type == WriteListener.class) {
      return Proxy.newProxyInstance(
          type.getClassLoader(), new Class<?>[] {type}, (proxy, called, given) -> null);
    } else if (type == ServletContext.class) {
      return surface.request.getServletContext();
    } else if (ServletRequest.class.isAssignableFrom(type)) {
      return surface.request;
    } else if (ServletResponse.class.isAssignableFrom(type)) {
      return surface.response;
    }
    throw new AssertionError("No argument for " + type + " of " + method);
  }
}
