package io.github.safeasync.internal.exchange;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.EofException;

/** A request of a container that is not there, for which a filter makes an exchange. */
final class RecordedExchange {

  private final Map<String, Object> attributes = new ConcurrentHashMap<>();
  private final List<AsyncListener> listeners = new CopyOnWriteArrayList<>();
  private final AtomicInteger completions = new AtomicInteger();
  private final RecordedResponse response = new RecordedResponse();
  private final AsyncContext context = proxy(AsyncContext.class, this::answerContext);
  private final HttpServletRequest request = proxy(HttpServletRequest.class, this::answerRequest);
  private volatile boolean started;

  private interface Answer {
    Object to(Method method, Object[] arguments);
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            RecordedExchange.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answer.to(method, arguments)));
  }

  private Object answerRequest(Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "getMethod" -> "GET";
      case "getProtocol" -> "HTTP/1.1";
      case "getContentLengthLong" -> -1L;
      case "getHeader" -> null;
      case "isAsyncSupported" -> true;
      case "isAsyncStarted" -> started;
      case "startAsync" -> {
        started = true;
        yield context;
      }
      case "getAsyncContext" -> context;
      case "getAttribute" -> attributes.get(arguments[0]);
      case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
      case "removeAttribute" -> attributes.remove(arguments[0]);
      case "getRequestURL" -> new StringBuffer();
      case "getServerPort", "getRemotePort", "getLocalPort" -> 0;
      case "isSecure" -> false;
      case "getDispatcherType" -> DispatcherType.REQUEST;
      case "getServletContext",
          "getCookies",
          "getContentType",
          "getCharacterEncoding",
          "getAuthType",
          "getRemoteUser",
          "getUserPrincipal",
          "getRequestedSessionId",
          "getHttpServletMapping",
          "getPathTranslated",
          "getServletConnection" ->
          null;
      case "getAttributeNames", "getHeaderNames", "getHeaders", "getLocales" ->
          Collections.emptyEnumeration();
      case "getParameterMap", "getTrailerFields" -> Map.of();
      case "isTrailerFieldsReady" -> true;
      case "getRequestURI",
          "getQueryString",
          "getContextPath",
          "getServletPath",
          "getPathInfo",
          "getScheme",
          "getServerName",
          "getRemoteAddr",
          "getLocalName",
          "getLocalAddr",
          "getProtocolRequestId",
          "getRequestId" ->
          "";
      default -> throw new UnsupportedOperationException(method.toString());
    };
  }

  private Object answerContext(Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "setTimeout" -> null;
      case "getTimeout" -> 30_000L;
      case "hasOriginalRequestAndResponse" -> true;
      case "addListener" -> listeners.add((AsyncListener) arguments[0]);
      case "complete" -> completions.incrementAndGet();
      default -> throw new UnsupportedOperationException(method.toString());
    };
  }

  HttpServletRequest request() {
    return request;
  }

  RecordedResponse response() {
    return response;
  }

  /** How often the library has completed the AsyncContext. */
  int completions() {
    return completions.get();
  }

  /** Does what a container does when it finds the connection lost. */
  void loseConnection() {
    AsyncEvent event =
        new AsyncEvent(context, request, response.asResponse(), new EofException("reset"));
    for (AsyncListener listener : listeners) {
      try {
        listener.onError(event);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }
}
