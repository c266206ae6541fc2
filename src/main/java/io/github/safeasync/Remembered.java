package io.github.safeasync;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collection;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the guarded request and response answer after the end: what they were, as a listener that
 * logs or measures wants to know it. Taken in the moment before the container gets its objects
 * back; until then it is asked itself.
 */
record Remembered(Line line, Map<String, Object> attributes, Head head) {

  /** Who asked whom for what. */
  record Line(
      String method,
      String requestUri,
      String requestUrl,
      @Nullable String queryString,
      String contextPath,
      String servletPath,
      @Nullable String pathInfo,
      String protocol,
      String scheme,
      boolean secure,
      String serverName,
      int serverPort,
      String remoteAddr,
      int remotePort,
      String requestId,
      DispatcherType dispatcherType,
      @Nullable ServletContext servletContext) {}

  /** What the response said of itself. */
  record Head(
      int status,
      @Nullable String contentType,
      String charset,
      Map<String, List<String>> headers) {}

  private static final Head NO_HEAD =
      new Head(HttpServletResponse.SC_OK, null, "ISO-8859-1", Map.of());

  /** Before there is anything to remember; nobody sees it. */
  static final Remembered NOTHING =
      new Remembered(
          new Line(
              "",
              "",
              "",
              null,
              "",
              "",
              null,
              "",
              "",
              false,
              "",
              0,
              "",
              0,
              "",
              DispatcherType.REQUEST,
              null),
          Map.of(),
          NO_HEAD);

  /** Takes what costs little. */
  static Remembered of(HttpServletRequest request, HttpServletResponse response) {
    Line line =
        new Line(
            request.getMethod(),
            request.getRequestURI(),
            String.valueOf(request.getRequestURL()),
            request.getQueryString(),
            request.getContextPath(),
            request.getServletPath(),
            request.getPathInfo(),
            request.getProtocol(),
            request.getScheme(),
            request.isSecure(),
            request.getServerName(),
            request.getServerPort(),
            request.getRemoteAddr(),
            request.getRemotePort(),
            request.getRequestId(),
            request.getDispatcherType(),
            request.getServletContext());
    return new Remembered(line, Map.of(), head(response, Map.of()));
  }

  private static Head head(HttpServletResponse response, Map<String, List<String>> headers) {
    return new Head(
        response.getStatus(), response.getContentType(), response.getCharacterEncoding(), headers);
  }

  /** Takes the rest. */
  Remembered withAll(HttpServletRequest request, HttpServletResponse response) {
    Map<String, Object> values = new HashMap<>();
    for (Enumeration<String> names = request.getAttributeNames(); names.hasMoreElements(); ) {
      String name = names.nextElement();
      Object value = request.getAttribute(name);
      if (value != null) {
        values.put(name, value);
      }
    }
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : response.getHeaderNames()) {
      headers.put(name, List.copyOf(response.getHeaders(name)));
    }
    return new Remembered(line, values, head(response, headers));
  }

  @Nullable Object attribute(String name) {
    return attributes.get(name);
  }

  Set<String> attributeNames() {
    return attributes.keySet();
  }

  boolean hasHeader(String name) {
    return head.headers.containsKey(name);
  }

  @Nullable String header(String name) {
    List<String> values = head.headers.get(name);
    return values == null || values.isEmpty() ? null : values.get(0);
  }

  Collection<String> headers(String name) {
    return head.headers.getOrDefault(name, List.of());
  }

  Collection<String> headerNames() {
    return head.headers.keySet();
  }
}
