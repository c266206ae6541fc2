package io.github.safeasync;

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
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The request that the application sees. What the container answers is passed on, null included: a
 * mock in a test answers that where a container throws or makes something. Its {@code startAsync}
 * makes the exchange that the library looks after; its other methods are the container's until the
 * end, and answer what was known, or nothing, afterwards: the container has given the object behind
 * it to another request by then.
 */
final class GuardedRequest extends HttpServletRequestWrapper {

  private final Exchange exchange;
  private final Gate gate;
  private volatile @Nullable HttpSession session;
  private @Nullable GuardedInput input;
  private @Nullable GuardedReader reader;

  GuardedRequest(Exchange exchange, HttpServletRequest request) {
    super(request);
    this.exchange = exchange;
    this.gate = exchange.gate();
  }

  /** Finds the guard among the wrappers of a request; null if there is none. */
  static @Nullable GuardedRequest in(ServletRequest request) {
    ServletRequest at = request;
    while (at instanceof ServletRequestWrapper wrapper) {
      if (at instanceof GuardedRequest guarded) {
        return guarded;
      }
      at = wrapper.getRequest();
    }
    return null;
  }

  Exchange exchange() {
    return exchange;
  }

  private Remembered known() {
    return exchange.closing().remembered();
  }

  private Remembered.Line line() {
    return exchange.closing().remembered().line();
  }

  // The asynchronous cycle.

  @Override
  public @Nullable AsyncContext startAsync() {
    return exchange.cycles().startAsync(super::startAsync, null, null);
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
    return exchange
        .cycles()
        .startAsync(
            () -> super.startAsync(both ? given : request, both ? own : response),
            request,
            response);
  }

  @Override
  public @Nullable AsyncContext getAsyncContext() {
    return exchange.cycles().asyncContext(super::getAsyncContext);
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
    if (gate.isFree()) {
      return super.getAttribute(name);
    }
    Object known = gate.readOrNull(() -> super.getAttribute(name));
    return known == null && !exchange.isLive() ? known().attribute(name) : known;
  }

  @Override
  public @Nullable Enumeration<String> getAttributeNames() {
    Enumeration<String> names =
        gate.isFree()
            ? super.getAttributeNames()
            : gate.read(
                super::getAttributeNames, Collections.enumeration(known().attributeNames()));
    return Exchange.withoutOwn(names);
  }

  @Override
  public void setAttribute(String name, @Nullable Object o) {
    if (CancelPolicy.ATTRIBUTE.equals(name)) {
      exchange.cancelPolicy(o == null ? null : CancelPolicy.ofAttribute(o));
    }
    if (gate.isFree()) {
      super.setAttribute(name, o);
    } else {
      gate.actInListener(() -> super.setAttribute(name, o));
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
      gate.actInListener(() -> super.removeAttribute(name));
    }
  }

  // The session: it outlives the request, so the one that was seen is answered.

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
    }
    return found == null && !gate.isFree() && !exchange.isLive() ? session : found;
  }

  @Override
  public @Nullable String changeSessionId() {
    return gate.isFree() ? super.changeSessionId() : gate.readOrNull(super::changeSessionId);
  }

  // What reads the body, or waits for something else, is not counted: see Gate.mayRead.

  @Override
  public @Nullable ServletInputStream getInputStream() throws IOException {
    GuardedInput known = input;
    if (!gate.mayRead()) {
      return known == null ? new GuardedInput(gate, new NoInput()) : known;
    }
    ServletInputStream own = super.getInputStream();
    if (own == null) {
      return null;
    }
    if (known == null || !known.guards(own)) {
      known = new GuardedInput(gate, own);
      input = known;
    }
    return known;
  }

  @Override
  public @Nullable BufferedReader getReader() throws IOException {
    GuardedReader known = reader;
    if (!gate.mayRead()) {
      return known == null
          ? new GuardedReader(gate, new BufferedReader(Reader.nullReader()))
          : known;
    }
    BufferedReader own = super.getReader();
    if (own == null) {
      return null;
    }
    if (known == null || !known.guards(own)) {
      known = new GuardedReader(gate, own);
      reader = known;
    }
    return known;
  }

  @Override
  public @Nullable String getParameter(String name) {
    return gate.mayRead() ? super.getParameter(name) : null;
  }

  @Override
  public Enumeration<String> getParameterNames() {
    return gate.mayRead() ? super.getParameterNames() : Collections.emptyEnumeration();
  }

  @Override
  public String @Nullable [] getParameterValues(String name) {
    return gate.mayRead() ? super.getParameterValues(name) : null;
  }

  @Override
  public Map<String, String[]> getParameterMap() {
    return gate.mayRead() ? super.getParameterMap() : Map.of();
  }

  @Override
  public Collection<Part> getParts() throws IOException, ServletException {
    requireReadable();
    return super.getParts();
  }

  @Override
  public @Nullable Part getPart(String name) throws IOException, ServletException {
    requireReadable();
    return super.getPart(name);
  }

  private void requireReadable() throws IOException {
    if (!gate.mayRead()) {
      throw exchange.endedException();
    }
  }

  @Override
  public boolean authenticate(HttpServletResponse response) throws IOException, ServletException {
    return gate.mayRead() ? super.authenticate(response) : false;
  }

  @Override
  public void login(String username, String password) throws ServletException {
    if (gate.mayRead()) {
      super.login(username, password);
    }
  }

  @Override
  public void logout() throws ServletException {
    if (gate.mayRead()) {
      super.logout();
    }
  }

  @Override
  public <T extends HttpUpgradeHandler> @Nullable T upgrade(Class<T> handlerClass)
      throws IOException, ServletException {
    return gate.mayRead() ? super.upgrade(handlerClass) : null;
  }

  @Override
  public void setCharacterEncoding(String enc) throws UnsupportedEncodingException {
    if (gate.mayRead()) {
      super.setCharacterEncoding(enc);
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public void setCharacterEncoding(Charset encoding) {
    if (gate.mayRead()) {
      Servlet61.setCharacterEncoding(getRequest(), encoding);
    }
  }

  // What the request says of itself.

  @Override
  public @Nullable String getAuthType() {
    return gate.isFree() ? super.getAuthType() : gate.readOrNull(super::getAuthType);
  }

  @Override
  public Cookie @Nullable [] getCookies() {
    return gate.isFree() ? super.getCookies() : gate.readOrNull(super::getCookies);
  }

  @Override
  public long getDateHeader(String name) {
    return gate.isFree()
        ? super.getDateHeader(name)
        : gate.read(() -> super.getDateHeader(name), -1L);
  }

  @Override
  public @Nullable String getHeader(String name) {
    return gate.isFree() ? super.getHeader(name) : gate.readOrNull(() -> super.getHeader(name));
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    return gate.isFree()
        ? super.getHeaders(name)
        : gate.read(() -> super.getHeaders(name), Collections.emptyEnumeration());
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    return gate.isFree()
        ? super.getHeaderNames()
        : gate.read(super::getHeaderNames, Collections.emptyEnumeration());
  }

  @Override
  public int getIntHeader(String name) {
    return gate.isFree() ? super.getIntHeader(name) : gate.read(() -> super.getIntHeader(name), -1);
  }

  @Override
  public @Nullable HttpServletMapping getHttpServletMapping() {
    return gate.isFree()
        ? super.getHttpServletMapping()
        : gate.readOrNull(super::getHttpServletMapping);
  }

  @Override
  public String getMethod() {
    return gate.isFree() ? super.getMethod() : gate.read(super::getMethod, line().method());
  }

  @Override
  public @Nullable String getPathInfo() {
    return gate.isFree()
        ? super.getPathInfo()
        : gate.readOrNull(super::getPathInfo, line().pathInfo());
  }

  @Override
  public @Nullable String getPathTranslated() {
    return gate.isFree() ? super.getPathTranslated() : gate.readOrNull(super::getPathTranslated);
  }

  @Override
  public @Nullable PushBuilder newPushBuilder() {
    return gate.isFree() ? super.newPushBuilder() : gate.readOrNull(super::newPushBuilder);
  }

  @Override
  public String getContextPath() {
    return gate.isFree()
        ? super.getContextPath()
        : gate.read(super::getContextPath, line().contextPath());
  }

  @Override
  public @Nullable String getQueryString() {
    return gate.isFree()
        ? super.getQueryString()
        : gate.readOrNull(super::getQueryString, line().queryString());
  }

  @Override
  public @Nullable String getRemoteUser() {
    return gate.isFree() ? super.getRemoteUser() : gate.readOrNull(super::getRemoteUser);
  }

  @Override
  public boolean isUserInRole(String role) {
    return gate.isFree()
        ? super.isUserInRole(role)
        : gate.read(() -> super.isUserInRole(role), false);
  }

  @Override
  public @Nullable Principal getUserPrincipal() {
    return gate.isFree() ? super.getUserPrincipal() : gate.readOrNull(super::getUserPrincipal);
  }

  @Override
  public @Nullable String getRequestedSessionId() {
    return gate.isFree()
        ? super.getRequestedSessionId()
        : gate.readOrNull(super::getRequestedSessionId);
  }

  @Override
  public String getRequestURI() {
    return gate.isFree()
        ? super.getRequestURI()
        : gate.read(super::getRequestURI, line().requestUri());
  }

  @Override
  public StringBuffer getRequestURL() {
    return gate.isFree()
        ? super.getRequestURL()
        : gate.read(super::getRequestURL, new StringBuffer(line().requestUrl()));
  }

  @Override
  public String getServletPath() {
    return gate.isFree()
        ? super.getServletPath()
        : gate.read(super::getServletPath, line().servletPath());
  }

  @Override
  public boolean isRequestedSessionIdValid() {
    return gate.isFree()
        ? super.isRequestedSessionIdValid()
        : gate.read(super::isRequestedSessionIdValid, false);
  }

  @Override
  public boolean isRequestedSessionIdFromCookie() {
    return gate.isFree()
        ? super.isRequestedSessionIdFromCookie()
        : gate.read(super::isRequestedSessionIdFromCookie, false);
  }

  @Override
  public boolean isRequestedSessionIdFromURL() {
    return gate.isFree()
        ? super.isRequestedSessionIdFromURL()
        : gate.read(super::isRequestedSessionIdFromURL, false);
  }

  @Override
  public Map<String, String> getTrailerFields() {
    return gate.isFree() ? super.getTrailerFields() : gate.read(super::getTrailerFields, Map.of());
  }

  @Override
  public boolean isTrailerFieldsReady() {
    return gate.isFree()
        ? super.isTrailerFieldsReady()
        : gate.read(super::isTrailerFieldsReady, true);
  }

  @Override
  public @Nullable String getCharacterEncoding() {
    return gate.isFree()
        ? super.getCharacterEncoding()
        : gate.readOrNull(super::getCharacterEncoding);
  }

  @Override
  public int getContentLength() {
    return gate.isFree() ? super.getContentLength() : gate.read(super::getContentLength, -1);
  }

  @Override
  public long getContentLengthLong() {
    return gate.isFree()
        ? super.getContentLengthLong()
        : gate.read(super::getContentLengthLong, -1L);
  }

  @Override
  public @Nullable String getContentType() {
    return gate.isFree() ? super.getContentType() : gate.readOrNull(super::getContentType);
  }

  @Override
  public String getProtocol() {
    return gate.isFree() ? super.getProtocol() : gate.read(super::getProtocol, line().protocol());
  }

  @Override
  public String getScheme() {
    return gate.isFree() ? super.getScheme() : gate.read(super::getScheme, line().scheme());
  }

  @Override
  public String getServerName() {
    return gate.isFree()
        ? super.getServerName()
        : gate.read(super::getServerName, line().serverName());
  }

  @Override
  public int getServerPort() {
    return gate.isFree()
        ? super.getServerPort()
        : gate.read(super::getServerPort, line().serverPort());
  }

  @Override
  public String getRemoteAddr() {
    return gate.isFree()
        ? super.getRemoteAddr()
        : gate.read(super::getRemoteAddr, line().remoteAddr());
  }

  @Override
  public String getRemoteHost() {
    return gate.isFree()
        ? super.getRemoteHost()
        : gate.read(super::getRemoteHost, line().remoteAddr());
  }

  @Override
  public int getRemotePort() {
    return gate.isFree()
        ? super.getRemotePort()
        : gate.read(super::getRemotePort, line().remotePort());
  }

  @Override
  public String getLocalName() {
    return gate.isFree() ? super.getLocalName() : gate.read(super::getLocalName, "");
  }

  @Override
  public String getLocalAddr() {
    return gate.isFree() ? super.getLocalAddr() : gate.read(super::getLocalAddr, "");
  }

  @Override
  public int getLocalPort() {
    return gate.isFree() ? super.getLocalPort() : gate.read(super::getLocalPort, 0);
  }

  @Override
  public Locale getLocale() {
    return gate.isFree() ? super.getLocale() : gate.read(super::getLocale, Locale.getDefault());
  }

  @Override
  public Enumeration<Locale> getLocales() {
    return gate.isFree()
        ? super.getLocales()
        : gate.read(super::getLocales, Collections.enumeration(List.of(Locale.getDefault())));
  }

  @Override
  public boolean isSecure() {
    return gate.isFree() ? super.isSecure() : gate.read(super::isSecure, line().secure());
  }

  @Override
  public @Nullable RequestDispatcher getRequestDispatcher(String path) {
    return gate.isFree()
        ? super.getRequestDispatcher(path)
        : gate.readOrNull(() -> super.getRequestDispatcher(path));
  }

  @Override
  public @Nullable ServletContext getServletContext() {
    return gate.isFree()
        ? super.getServletContext()
        : gate.readOrNull(super::getServletContext, line().servletContext());
  }

  @Override
  public DispatcherType getDispatcherType() {
    return gate.isFree()
        ? super.getDispatcherType()
        : gate.read(super::getDispatcherType, line().dispatcherType());
  }

  @Override
  public String getRequestId() {
    return gate.isFree()
        ? super.getRequestId()
        : gate.read(super::getRequestId, line().requestId());
  }

  @Override
  public String getProtocolRequestId() {
    return gate.isFree()
        ? super.getProtocolRequestId()
        : gate.read(super::getProtocolRequestId, "");
  }

  @Override
  public @Nullable ServletConnection getServletConnection() {
    return gate.isFree()
        ? super.getServletConnection()
        : gate.readOrNull(super::getServletConnection);
  }
}
