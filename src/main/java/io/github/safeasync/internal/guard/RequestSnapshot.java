package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.HttpDate;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletConnection;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.Principal;
import java.time.DateTimeException;
import java.util.Collection;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the guarded request and response return after the end: what they were, as a listener that
 * logs or measures wants to know it. Taken in the moment before the container gets its objects
 * back; until then it is asked itself.
 */
public record RequestSnapshot(
    Line line,
    About about,
    @Nullable Map<String, String[]> parameters,
    Map<String, Object> attributes,
    Head head) {

  /** Who asked whom for what. */
  record Line(
      String method,
      String requestUri,
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
      DispatcherType dispatcherType,
      @Nullable ServletContext servletContext) {

    /** Made up when it is asked for, as containers do: few ask after the end. */
    String requestUrl() {
      boolean bare = serverName.indexOf(':') >= 0 && !serverName.startsWith("[");
      StringBuilder url = new StringBuilder(scheme).append("://");
      url.append(bare ? "[" + serverName + "]" : serverName);
      if (serverPort > 0 && serverPort != ("https".equals(scheme) ? 443 : 80)) {
        url.append(':').append(serverPort);
      }
      return url.append(requestUri).toString();
    }
  }

  /** What else the request said of itself. */
  record About(
      Map<String, List<String>> headers,
      @Nullable List<Cookie> cookieList,
      @Nullable String contentType,
      long contentLength,
      @Nullable String characterEncoding,
      @Nullable String authType,
      @Nullable String remoteUser,
      @Nullable Principal principal,
      @Nullable String requestedSessionId,
      @Nullable HttpServletMapping mapping,
      @Nullable String pathTranslated,
      List<Locale> locales,
      String localName,
      String localAddr,
      int localPort,
      String requestId,
      String protocolRequestId,
      @Nullable ServletConnection connection,
      Map<String, String> trailers) {

    /** Null if there are none, as containers have it. */
    Cookie @Nullable [] cookies() {
      return cookieList == null ? null : cookieList.toArray(new Cookie[0]);
    }

    @Nullable String header(String name) {
      List<String> values = headers.get(name);
      return values == null || values.isEmpty() ? null : values.get(0);
    }

    List<String> headers(String name) {
      return headers.getOrDefault(name, List.of());
    }

    Set<String> headerNames() {
      return headers.keySet();
    }

    int intHeader(String name) {
      String value = header(name);
      return value == null ? -1 : Integer.parseInt(value);
    }

    long dateHeader(String name) {
      String value = header(name);
      if (value == null) {
        return -1;
      }
      try {
        return HttpDate.parse(value).toEpochMilli();
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(name + " is no date but " + value, e);
      }
    }

    int contentLengthOfInt() {
      return contentLength > Integer.MAX_VALUE ? -1 : (int) contentLength;
    }
  }

  /** What the response said of itself. */
  record Head(
      int status,
      @Nullable String contentType,
      String charset,
      Map<String, List<String>> headers) {}

  private static final Head NO_HEAD =
      new Head(HttpServletResponse.SC_OK, null, "ISO-8859-1", Map.of());

  private static final About NOTHING_MORE =
      new About(
          Map.of(),
          null,
          null,
          -1,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          List.of(Locale.getDefault()),
          "",
          "",
          0,
          "",
          "",
          null,
          Map.of());

  /** Before there is anything to remember; nobody sees it. */
  public static final RequestSnapshot NOTHING =
      new RequestSnapshot(
          new Line(
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
              DispatcherType.REQUEST,
              null),
          NOTHING_MORE,
          null,
          Map.of(),
          NO_HEAD);

  /** Takes what costs little. */
  public static RequestSnapshot of(HttpServletRequest request, HttpServletResponse response) {
    return new RequestSnapshot(
        line(request), NOTHING_MORE, null, Map.of(), head(response, Map.of()));
  }

  private static Line line(HttpServletRequest request) {
    return new Line(
        request.getMethod(),
        request.getRequestURI(),
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
        request.getDispatcherType(),
        request.getServletContext());
  }

  /** Takes what a dispatch has changed: the path, the parameters of its query, its attributes. */
  public RequestSnapshot at(HttpServletRequest dispatched, RequestBody body) {
    Map<String, Object> all = new HashMap<>(attributes);
    all.putAll(attributes(dispatched));
    return new RequestSnapshot(
        line(dispatched), about(dispatched), parameters(dispatched, body), all, head);
  }

  private static Head head(HttpServletResponse response, Map<String, List<String>> headers) {
    return new Head(
        response.getStatus(), response.getContentType(), response.getCharacterEncoding(), headers);
  }

  /**
   * Takes the rest.
   *
   * @param body tells whether the parameters can be had without waiting for it
   * @param last whether the container may make the parameters now, of which Jetty leaves an
   *     attribute, if the application has not asked for them
   */
  public RequestSnapshot withAll(
      HttpServletRequest request, HttpServletResponse response, RequestBody body, boolean last) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : response.getHeaderNames()) {
      headers.put(name, List.copyOf(response.getHeaders(name)));
    }
    return new RequestSnapshot(
        line,
        about(request),
        last || body.parametersAsked() ? parameters(request, body) : null,
        attributes(request),
        head(response, headers));
  }

  private static Map<String, Object> attributes(HttpServletRequest request) {
    Map<String, Object> values = new HashMap<>();
    try {
      for (Enumeration<String> names = request.getAttributeNames(); names.hasMoreElements(); ) {
        String name = names.nextElement();
        Object value = request.getAttribute(name);
        if (value != null) {
          values.put(name, value);
        }
      }
    } catch (ConcurrentModificationException cleared) {
      // The container's thread has cleared them meanwhile, which leaves what was read before.
    }
    return values;
  }

  /** Adds the attributes that another one has beside these. */
  public RequestSnapshot withAttributesOf(RequestSnapshot before) {
    Map<String, Object> all = new HashMap<>(before.attributes);
    all.putAll(attributes);
    return new RequestSnapshot(line, about, parameters, all, head);
  }

  private static @Nullable Map<String, String[]> parameters(
      HttpServletRequest request, RequestBody body) {
    if (!body.isWhole() && RequestBody.isForm(request.getContentType())) {
      return null;
    }
    try {
      return Collections.unmodifiableMap(new LinkedHashMap<>(request.getParameterMap()));
    } catch (RuntimeException malformed) {
      return null;
    }
  }

  /** What a container will not tell, or a mock does not, is none. */
  private static <T> List<T> list(@Nullable Enumeration<T> told) {
    return told == null ? List.of() : Collections.list(told);
  }

  private static About about(HttpServletRequest request) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : list(request.getHeaderNames())) {
      headers.put(name, list(request.getHeaders(name)));
    }
    Cookie[] cookies = request.getCookies();
    return new About(
        headers,
        cookies == null ? null : List.of(cookies),
        request.getContentType(),
        request.getContentLengthLong(),
        request.getCharacterEncoding(),
        request.getAuthType(),
        request.getRemoteUser(),
        request.getUserPrincipal(),
        request.getRequestedSessionId(),
        request.getHttpServletMapping(),
        request.getPathTranslated(),
        list(request.getLocales()),
        request.getLocalName(),
        request.getLocalAddr(),
        request.getLocalPort(),
        request.getRequestId(),
        request.getProtocolRequestId(),
        request.getServletConnection(),
        trailers(request));
  }

  private static Map<String, String> trailers(HttpServletRequest request) {
    return request.isTrailerFieldsReady() ? Map.copyOf(request.getTrailerFields()) : Map.of();
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
