package io.github.safeasync.internal.guard;

import io.github.safeasync.CancelPolicy;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletConnection;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletMapping;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.Part;
import jakarta.servlet.http.PushBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.security.Principal;
import java.util.Collection;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The request that the application sees. What the container returns is passed on, null included: a
 * mock in a test returns that where a container throws or makes something. Its {@code startAsync}
 * makes the exchange that the library looks after; its other methods are the container's until the
 * end, and return what was known, or nothing, afterwards: the container has given the object behind
 * it to another request by then.
 */
public final class GuardedRequest extends HttpServletRequestWrapper {

  private static final Object REMOVED = new Object();

  @SuppressWarnings("rawtypes")
  private static final AtomicReferenceFieldUpdater<GuardedRequest, Map> LATE =
      AtomicReferenceFieldUpdater.newUpdater(GuardedRequest.class, Map.class, "late");

  private final ExchangeAccess exchange;
  private final Gate gate;
  private volatile @Nullable HttpSession session;

  /** Attributes that were set, or removed, when the container took no more of them. */
  private volatile @Nullable Map<String, Object> late;

  private @Nullable GuardedInputStream input;
  private @Nullable GuardedReader reader;

  public GuardedRequest(Gate gate, HttpServletRequest request) {
    super(request);
    this.gate = gate;
    this.exchange = gate.exchange();
  }

  /** Finds the guard among the wrappers of a request; null if there is none. */
  public static @Nullable GuardedRequest in(ServletRequest request) {
    ServletRequest at = request;
    while (at instanceof ServletRequestWrapper wrapper) {
      if (at instanceof GuardedRequest guarded) {
        return guarded;
      }
      at = wrapper.getRequest();
    }
    return null;
  }

  public ExchangeAccess exchange() {
    return exchange;
  }

  private RequestSnapshot known() {
    return exchange.remembered();
  }

  // The asynchronous cycle.

  @Override
  public @Nullable AsyncContext startAsync() {
    return exchange.startAsync(super::startAsync, null, null);
  }

  /** Where the guards themselves are given, they stand for the container's own objects. */
  @Override
  public @Nullable AsyncContext startAsync(ServletRequest request, ServletResponse response) {
    ServletRequest given = request == this ? getRequest() : request;
    ServletResponse own =
        response instanceof GuardedResponse guarded && guarded.exchange() == exchange
            ? guarded.getResponse()
            : response;
    boolean both = given != request && own != response;
    return exchange.startAsync(
        () -> super.startAsync(both ? given : request, both ? own : response), request, response);
  }

  @Override
  public @Nullable AsyncContext getAsyncContext() {
    return exchange.asyncContext(super::getAsyncContext);
  }

  @Override
  public boolean isAsyncStarted() {
    return gate.isFree() ? super.isAsyncStarted() : gate.read(super::isAsyncStarted, false);
  }

  @Override
  public boolean isAsyncSupported() {
    return gate.isFree() ? super.isAsyncSupported() : gate.read(super::isAsyncSupported, true);
  }

  // Attributes.

  @Override
  public @Nullable Object getAttribute(String name) {
    if (ExchangeAccess.ATTRIBUTE.equals(name)) {
      return exchange;
    }
    if (gate.isFree()) {
      return super.getAttribute(name);
    }
    Map<String, Object> set = late;
    Object latest = set == null ? null : set.get(name);
    if (latest != null) {
      return latest == REMOVED ? null : latest;
    }
    Object known = gate.readOrNull(() -> super.getAttribute(name));
    return known == null && !exchange.isLive() ? known().attribute(name) : known;
  }

  @Override
  public @Nullable Enumeration<String> getAttributeNames() {
    if (gate.isFree()) {
      return withoutOwn(super.getAttributeNames());
    }
    return withoutOwn(
        exchange.isLive() ? attributeNames() : Collections.enumeration(attributeNamesLeft()));
  }

  private @Nullable Enumeration<String> attributeNames() {
    return gate.ask(
        () -> copied(super.getAttributeNames()),
        known -> Collections.enumeration(known.attributeNames()));
  }

  /** After the end the container may clear them at any moment, this one included. */
  private Set<String> attributeNamesLeft() {
    Set<String> all = new LinkedHashSet<>(known().attributeNames());
    try {
      Enumeration<String> names = attributeNames();
      if (names != null) {
        all.addAll(Collections.list(names));
      }
    } catch (ConcurrentModificationException cleared) {
      // What is remembered is all that is left.
    }
    Map<String, Object> set = late;
    if (set != null) {
      all.addAll(set.keySet());
      all.removeIf(name -> set.get(name) == REMOVED);
    }
    return all;
  }

  static CancelPolicy policyOf(Object value) {
    if (value instanceof CancelPolicy policy) {
      return policy;
    }
    throw new IllegalArgumentException(
        "The request attribute "
            + CancelPolicy.ATTRIBUTE
            + " must be a CancelPolicy, not "
            + value);
  }

  /** The names of attributes, as they are without the library; a mock may have none. */
  private static @Nullable Enumeration<String> withoutOwn(@Nullable Enumeration<String> names) {
    if (names == null) {
      return null;
    }
    List<String> others = Collections.list(names);
    others.remove(ExchangeAccess.ATTRIBUTE);
    return Collections.enumeration(others);
  }

  @Override
  public void setAttribute(String name, @Nullable Object o) {
    if (CancelPolicy.ATTRIBUTE.equals(name)) {
      exchange.cancelPolicy(o == null ? null : policyOf(o));
    }
    if (gate.isFree()) {
      super.setAttribute(name, o);
    } else {
      boolean told = gate.actInListener(() -> super.setAttribute(name, o));
      remember(name, o == null ? REMOVED : o, told);
    }
  }

  @Override
  public void removeAttribute(String name) {
    if (CancelPolicy.ATTRIBUTE.equals(name)) {
      exchange.cancelPolicy(null);
    }
    if (gate.isFree()) {
      super.removeAttribute(name);
    } else {
      boolean told = gate.actInListener(() -> super.removeAttribute(name));
      remember(name, REMOVED, told);
    }
  }

  /**
   * The application goes on with what it has set, though the container takes no more, or clears it.
   */
  private void remember(String name, Object value, boolean told) {
    if (!told || !exchange.isLive()) {
      if (late == null) {
        LATE.compareAndSet(this, null, new ConcurrentHashMap<>());
      }
      Objects.requireNonNull(late).put(name, value);
    } else if (late != null) {
      Objects.requireNonNull(late).remove(name);
    }
  }

  // The session: it outlives the request, so the one that was seen is returned.

  @Override
  public @Nullable HttpSession getSession() {
    return getSession(true);
  }

  @Override
  public @Nullable HttpSession getSession(boolean create) {
    HttpSession found =
        gate.isFree() ? super.getSession(create) : gate.readOrNull(() -> super.getSession(create));
    if (found != null) {
      session = found;
      return found;
    }
    if (gate.isFree() || exchange.isLive()) {
      return null;
    }
    if (session == null && create) {
      throw over("no session can be made");
    }
    return session;
  }

  @Override
  public @Nullable String changeSessionId() {
    if (gate.isFree()) {
      return super.changeSessionId();
    }
    String changed = gate.readOrNull(super::changeSessionId);
    if (changed == null && !exchange.isLive()) {
      throw over("the session keeps its id");
    }
    return changed;
  }

  /** As a container refuses what is asked of a request that it has recycled. */
  private IllegalStateException over(String so) {
    return new IllegalStateException("The exchange is over: " + so, exchange.endedException());
  }

  // What reads the body: it may wait for the client.

  private HttpServletRequest own() {
    return (HttpServletRequest) getRequest();
  }

  @Override
  public @Nullable ServletInputStream getInputStream() throws IOException {
    if (gate.isFree()) {
      return guarded(super.getInputStream());
    }
    GuardedInputStream known = input;
    GuardedInputStream late =
        known == null ? new GuardedInputStream(gate, new EmptyInputStream()) : known;
    return gate.openBody(() -> guarded(super.getInputStream()), late);
  }

  private @Nullable GuardedInputStream guarded(@Nullable ServletInputStream own) {
    if (own == null) {
      return null;
    }
    GuardedInputStream known = input;
    if (known == null || !known.guards(own)) {
      known = new GuardedInputStream(gate, own);
      input = known;
      exchange.body().streamed(own());
    }
    return known;
  }

  @Override
  public @Nullable BufferedReader getReader() throws IOException {
    if (gate.isFree()) {
      return guarded(super.getReader());
    }
    GuardedReader known = reader;
    GuardedReader late =
        known == null
            ? new GuardedReader(gate, new BufferedReader(Reader.nullReader()), null)
            : known;
    return gate.openBody(() -> guarded(super.getReader()), late);
  }

  private @Nullable GuardedReader guarded(@Nullable BufferedReader own) {
    if (own == null) {
      return null;
    }
    GuardedReader known = reader;
    if (known == null || !known.guards(own)) {
      known = new GuardedReader(gate, own, own().getCharacterEncoding());
      reader = known;
      exchange.body().streamed(own());
    }
    return known;
  }

  private <T extends @Nullable Object> T parametersRead(T read) {
    exchange.body().parametersRead(own());
    return read;
  }

  @Override
  public @Nullable String getParameter(String name) {
    try {
      return gate.isFree()
          ? parametersRead(super.getParameter(name))
          : gate.readParameters(
              () -> parametersRead(super.getParameter(name)),
              known -> {
                String[] values = known.get(name);
                return values == null || values.length == 0 ? null : values[0];
              });
    } catch (RuntimeException failure) {
      throw gate.ofParameters(failure);
    }
  }

  @Override
  public Enumeration<String> getParameterNames() {
    try {
      return gate.isFree()
          ? parametersRead(super.getParameterNames())
          : gate.readParameters(
              () -> parametersRead(copied(super.getParameterNames())),
              known -> Collections.enumeration(known.keySet()));
    } catch (RuntimeException failure) {
      throw gate.ofParameters(failure);
    }
  }

  @Override
  public String @Nullable [] getParameterValues(String name) {
    try {
      return gate.isFree()
          ? parametersRead(super.getParameterValues(name))
          : gate.readParameters(
              () -> parametersRead(super.getParameterValues(name)), known -> known.get(name));
    } catch (RuntimeException failure) {
      throw gate.ofParameters(failure);
    }
  }

  @Override
  public Map<String, String[]> getParameterMap() {
    try {
      return gate.isFree()
          ? parametersRead(super.getParameterMap())
          : gate.readParameters(() -> parametersRead(super.getParameterMap()), known -> known);
    } catch (RuntimeException failure) {
      throw gate.ofParameters(failure);
    }
  }

  @Override
  public @Nullable Collection<Part> getParts() throws IOException, ServletException {
    try {
      return gate.isFree()
          ? exchange.body().parts(super.getParts())
          : gate.readParts(() -> exchange.body().parts(super.getParts()));
    } catch (IOException | RuntimeException failure) {
      throw gate.ofRead(failure);
    } catch (ServletException failure) {
      throw gate.ofParts(failure);
    }
  }

  @Override
  public @Nullable Part getPart(String name) throws IOException, ServletException {
    if (gate.isFree()) {
      try {
        Part part = super.getPart(name);
        exchange.body().parted();
        return part;
      } catch (IOException | RuntimeException failure) {
        throw gate.ofRead(failure);
      } catch (ServletException failure) {
        throw gate.ofParts(failure);
      }
    }
    // With one part the container has read them all.
    Collection<Part> all = getParts();
    return all == null
        ? null
        : all.stream().filter(each -> each.getName().equals(name)).findFirst().orElse(null);
  }

  // What may wait for something else is not counted: see Gate.mayWait.

  @Override
  public boolean authenticate(HttpServletResponse response) throws IOException, ServletException {
    if (!gate.mayWait()) {
      throw over("nobody can be authenticated any more");
    }
    return super.authenticate(response);
  }

  @Override
  public void login(String username, String password) throws ServletException {
    if (!gate.mayWait()) {
      throw unserved("nobody was logged in");
    }
    super.login(username, password);
  }

  @Override
  public void logout() throws ServletException {
    if (!gate.mayWait()) {
      throw unserved("nobody was logged out");
    }
    super.logout();
  }

  /** Of what an application would take for done if it were silent. */
  private ServletException unserved(String so) {
    return new ServletException("The exchange is over: " + so, exchange.endedException());
  }

  @Override
  public <T extends HttpUpgradeHandler> @Nullable T upgrade(Class<T> handlerClass)
      throws IOException, ServletException {
    if (!gate.mayWait()) {
      throw unserved("its connection cannot be upgraded");
    }
    return super.upgrade(handlerClass);
  }

  @Override
  public void setCharacterEncoding(String enc) throws UnsupportedEncodingException {
    if (gate.mayWait()) {
      super.setCharacterEncoding(enc);
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public void setCharacterEncoding(Charset encoding) {
    if (gate.mayWait()) {
      Servlet61.setCharacterEncoding(getRequest(), encoding);
    }
  }

  // What the request says of itself.

  @Override
  public @Nullable String getAuthType() {
    return gate.isFree()
        ? super.getAuthType()
        : gate.ask(super::getAuthType, known -> known.about().authType());
  }

  @Override
  public Cookie @Nullable [] getCookies() {
    return gate.isFree()
        ? super.getCookies()
        : gate.ask(super::getCookies, known -> known.about().cookies());
  }

  @Override
  public long getDateHeader(String name) {
    return gate.isFree()
        ? super.getDateHeader(name)
        : gate.ask(() -> super.getDateHeader(name), known -> known.about().dateHeader(name));
  }

  @Override
  public @Nullable String getHeader(String name) {
    return gate.isFree()
        ? super.getHeader(name)
        : gate.ask(() -> super.getHeader(name), known -> known.about().header(name));
  }

  /** Tomcat's looks into the request, which is another's soon, when the call has come out. */
  private static <T> Enumeration<T> copied(Enumeration<T> live) {
    return live == null ? live : Collections.enumeration(Collections.list(live));
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    return gate.isFree()
        ? super.getHeaders(name)
        : gate.ask(
            () -> copied(super.getHeaders(name)),
            known -> Collections.enumeration(known.about().headers(name)));
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    return gate.isFree()
        ? super.getHeaderNames()
        : gate.ask(
            () -> copied(super.getHeaderNames()),
            known -> Collections.enumeration(known.about().headerNames()));
  }

  @Override
  public int getIntHeader(String name) {
    return gate.isFree()
        ? super.getIntHeader(name)
        : gate.ask(() -> super.getIntHeader(name), known -> known.about().intHeader(name));
  }

  @Override
  public @Nullable HttpServletMapping getHttpServletMapping() {
    return gate.isFree()
        ? super.getHttpServletMapping()
        : gate.ask(super::getHttpServletMapping, known -> known.about().mapping());
  }

  @Override
  public String getMethod() {
    return gate.isFree()
        ? super.getMethod()
        : gate.ask(super::getMethod, known -> known.line().method());
  }

  @Override
  public @Nullable String getPathInfo() {
    return gate.isFree()
        ? super.getPathInfo()
        : gate.ask(super::getPathInfo, known -> known.line().pathInfo());
  }

  @Override
  public @Nullable String getPathTranslated() {
    return gate.isFree()
        ? super.getPathTranslated()
        : gate.ask(super::getPathTranslated, known -> known.about().pathTranslated());
  }

  @Override
  public @Nullable PushBuilder newPushBuilder() {
    return gate.isFree() ? super.newPushBuilder() : gate.ask(super::newPushBuilder, known -> null);
  }

  @Override
  public String getContextPath() {
    return gate.isFree()
        ? super.getContextPath()
        : gate.ask(super::getContextPath, known -> known.line().contextPath());
  }

  @Override
  public @Nullable String getQueryString() {
    return gate.isFree()
        ? super.getQueryString()
        : gate.ask(super::getQueryString, known -> known.line().queryString());
  }

  @Override
  public @Nullable String getRemoteUser() {
    return gate.isFree()
        ? super.getRemoteUser()
        : gate.ask(super::getRemoteUser, known -> known.about().remoteUser());
  }

  @Override
  public boolean isUserInRole(String role) {
    return gate.isFree()
        ? super.isUserInRole(role)
        : gate.ask(() -> super.isUserInRole(role), known -> isInRole(known, role));
  }

  /** Nobody has a role; which ones somebody has the container alone knows. */
  private boolean isInRole(RequestSnapshot known, String role) {
    if (known.about().principal() == null) {
      return false;
    }
    throw over("ask before it whether the user is in the role " + role);
  }

  @Override
  public @Nullable Principal getUserPrincipal() {
    return gate.isFree()
        ? super.getUserPrincipal()
        : gate.ask(super::getUserPrincipal, known -> known.about().principal());
  }

  @Override
  public @Nullable String getRequestedSessionId() {
    return gate.isFree()
        ? super.getRequestedSessionId()
        : gate.ask(super::getRequestedSessionId, known -> known.about().requestedSessionId());
  }

  @Override
  public String getRequestURI() {
    return gate.isFree()
        ? super.getRequestURI()
        : gate.ask(super::getRequestURI, known -> known.line().requestUri());
  }

  @Override
  @SuppressWarnings("JdkObsolete") // it is what the method returns
  public StringBuffer getRequestURL() {
    return gate.isFree()
        ? super.getRequestURL()
        : gate.ask(super::getRequestURL, known -> new StringBuffer(known.line().requestUrl()));
  }

  @Override
  public String getServletPath() {
    return gate.isFree()
        ? super.getServletPath()
        : gate.ask(super::getServletPath, known -> known.line().servletPath());
  }

  @Override
  public boolean isRequestedSessionIdValid() {
    return gate.isFree()
        ? super.isRequestedSessionIdValid()
        : gate.ask(super::isRequestedSessionIdValid, known -> false);
  }

  @Override
  public boolean isRequestedSessionIdFromCookie() {
    return gate.isFree()
        ? super.isRequestedSessionIdFromCookie()
        : gate.ask(super::isRequestedSessionIdFromCookie, known -> false);
  }

  @Override
  public boolean isRequestedSessionIdFromURL() {
    return gate.isFree()
        ? super.isRequestedSessionIdFromURL()
        : gate.ask(super::isRequestedSessionIdFromURL, known -> false);
  }

  @Override
  public Map<String, String> getTrailerFields() {
    return gate.isFree()
        ? super.getTrailerFields()
        : gate.ask(super::getTrailerFields, known -> known.about().trailers());
  }

  @Override
  public boolean isTrailerFieldsReady() {
    return gate.isFree()
        ? super.isTrailerFieldsReady()
        : gate.ask(super::isTrailerFieldsReady, known -> true);
  }

  @Override
  public @Nullable String getCharacterEncoding() {
    return gate.isFree()
        ? super.getCharacterEncoding()
        : gate.ask(super::getCharacterEncoding, known -> known.about().characterEncoding());
  }

  @Override
  public int getContentLength() {
    return gate.isFree()
        ? super.getContentLength()
        : gate.ask(super::getContentLength, known -> known.about().contentLengthOfInt());
  }

  @Override
  public long getContentLengthLong() {
    return gate.isFree()
        ? super.getContentLengthLong()
        : gate.ask(super::getContentLengthLong, known -> known.about().contentLength());
  }

  @Override
  public @Nullable String getContentType() {
    return gate.isFree()
        ? super.getContentType()
        : gate.ask(super::getContentType, known -> known.about().contentType());
  }

  @Override
  public String getProtocol() {
    return gate.isFree()
        ? super.getProtocol()
        : gate.ask(super::getProtocol, known -> known.line().protocol());
  }

  @Override
  public String getScheme() {
    return gate.isFree()
        ? super.getScheme()
        : gate.ask(super::getScheme, known -> known.line().scheme());
  }

  @Override
  public String getServerName() {
    return gate.isFree()
        ? super.getServerName()
        : gate.ask(super::getServerName, known -> known.line().serverName());
  }

  @Override
  public int getServerPort() {
    return gate.isFree()
        ? super.getServerPort()
        : gate.ask(super::getServerPort, known -> known.line().serverPort());
  }

  @Override
  public String getRemoteAddr() {
    return gate.isFree()
        ? super.getRemoteAddr()
        : gate.ask(super::getRemoteAddr, known -> known.line().remoteAddr());
  }

  @Override
  public String getRemoteHost() {
    return gate.isFree()
        ? super.getRemoteHost()
        : gate.ask(super::getRemoteHost, known -> known.line().remoteAddr());
  }

  @Override
  public int getRemotePort() {
    return gate.isFree()
        ? super.getRemotePort()
        : gate.ask(super::getRemotePort, known -> known.line().remotePort());
  }

  @Override
  public String getLocalName() {
    return gate.isFree()
        ? super.getLocalName()
        : gate.ask(super::getLocalName, known -> known.about().localName());
  }

  @Override
  public String getLocalAddr() {
    return gate.isFree()
        ? super.getLocalAddr()
        : gate.ask(super::getLocalAddr, known -> known.about().localAddr());
  }

  @Override
  public int getLocalPort() {
    return gate.isFree()
        ? super.getLocalPort()
        : gate.ask(super::getLocalPort, known -> known.about().localPort());
  }

  @Override
  public Locale getLocale() {
    return gate.isFree()
        ? super.getLocale()
        : gate.ask(super::getLocale, known -> known.about().locales().get(0));
  }

  @Override
  public Enumeration<Locale> getLocales() {
    return gate.isFree()
        ? super.getLocales()
        : gate.ask(
            () -> copied(super.getLocales()),
            known -> Collections.enumeration(known.about().locales()));
  }

  @Override
  public boolean isSecure() {
    return gate.isFree()
        ? super.isSecure()
        : gate.ask(super::isSecure, known -> known.line().secure());
  }

  @Override
  public @Nullable RequestDispatcher getRequestDispatcher(String path) {
    return gate.isFree()
        ? super.getRequestDispatcher(path)
        : gate.ask(() -> super.getRequestDispatcher(path), known -> null);
  }

  @Override
  public @Nullable ServletContext getServletContext() {
    return gate.isFree()
        ? super.getServletContext()
        : gate.ask(super::getServletContext, known -> known.line().servletContext());
  }

  @Override
  public DispatcherType getDispatcherType() {
    return gate.isFree()
        ? super.getDispatcherType()
        : gate.ask(
            super::getDispatcherType,
            known ->
                exchange.isDispatchedLate() ? DispatcherType.ASYNC : known.line().dispatcherType());
  }

  @Override
  public String getRequestId() {
    return gate.isFree()
        ? super.getRequestId()
        : gate.ask(super::getRequestId, known -> known.about().requestId());
  }

  @Override
  public String getProtocolRequestId() {
    return gate.isFree()
        ? super.getProtocolRequestId()
        : gate.ask(super::getProtocolRequestId, known -> known.about().protocolRequestId());
  }

  @Override
  public @Nullable ServletConnection getServletConnection() {
    return gate.isFree()
        ? super.getServletConnection()
        : gate.ask(super::getServletConnection, known -> known.about().connection());
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedRequest of " + exchange;
  }
}
