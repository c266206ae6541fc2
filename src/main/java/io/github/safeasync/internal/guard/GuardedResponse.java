package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The response that the application sees: the container's until the end. Afterwards it is committed
 * and returns what was known. What would send a part of the body fails then, as it does on every
 * container; every other call does nothing.
 */
public final class GuardedResponse extends HttpServletResponseWrapper {

  private final ExchangeAccess exchange;
  private final Gate gate;
  private volatile @Nullable GuardedOutputStream stream;
  private volatile @Nullable GuardedWriter writer;

  public GuardedResponse(Gate gate, HttpServletResponse response) {
    super(response);
    this.gate = gate;
    this.exchange = gate.exchange();
  }

  /** Finds the guard among the wrappers of a response; null if there is none. */
  public static @Nullable GuardedResponse in(ServletResponse response) {
    ServletResponse at = response;
    while (at instanceof ServletResponseWrapper wrapper) {
      if (at instanceof GuardedResponse guarded) {
        return guarded;
      }
      at = wrapper.getResponse();
    }
    return null;
  }

  public ExchangeAccess exchange() {
    return exchange;
  }

  private RequestSnapshot known() {
    return exchange.remembered();
  }

  @Override
  public @Nullable ServletOutputStream getOutputStream() throws IOException {
    return gate.isFree() ? guardedStream() : gate.open(this::guardedStream, this::late);
  }

  private @Nullable GuardedOutputStream guardedStream() throws IOException {
    ServletOutputStream own = super.getOutputStream();
    return own == null ? null : guarded(own);
  }

  private GuardedOutputStream guarded(ServletOutputStream own) {
    GuardedOutputStream known = stream;
    if (known == null || !known.guards(own)) {
      known = new GuardedOutputStream(gate, own);
      stream = known;
    }
    return known;
  }

  /** The stream of after the end. */
  private ServletOutputStream late() {
    GuardedOutputStream known = stream;
    return known == null ? guarded(new NullOutputStream()) : known;
  }

  @Override
  public @Nullable PrintWriter getWriter() throws IOException {
    return gate.isFree() ? guardedWriter() : gate.open(this::guardedWriter, this::lateWriter);
  }

  private @Nullable GuardedWriter guardedWriter() throws IOException {
    PrintWriter own = super.getWriter();
    return own == null ? null : guarded(own);
  }

  private GuardedWriter guarded(PrintWriter own) {
    GuardedWriter known = writer;
    if (known == null || !known.guards(own)) {
      known = new GuardedWriter(gate, own);
      writer = known;
    }
    return known;
  }

  private PrintWriter lateWriter() {
    GuardedWriter known = writer;
    return known == null ? guarded(new PrintWriter(Writer.nullWriter())) : known;
  }

  // What sends.

  @Override
  public void flushBuffer() throws IOException {
    if (gate.isFree()) {
      super.flushBuffer();
    } else {
      gate.send(super::flushBuffer);
    }
  }

  @Override
  public void sendError(int sc, @Nullable String msg) throws IOException {
    if (gate.isFree()) {
      super.sendError(sc, msg);
    } else {
      gate.sendOrDrop(
          () -> {
            super.sendError(sc, msg);
            gate.exchange().errorSent(sc);
          });
    }
  }

  @Override
  public void sendError(int sc) throws IOException {
    if (gate.isFree()) {
      super.sendError(sc);
    } else {
      gate.sendOrDrop(
          () -> {
            super.sendError(sc);
            gate.exchange().errorSent(sc);
          });
    }
  }

  @Override
  public void sendRedirect(String location) throws IOException {
    if (gate.isFree()) {
      super.sendRedirect(location);
    } else {
      gate.sendOrDrop(() -> super.sendRedirect(location));
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public void sendRedirect(String location, int sc, boolean clearBuffer) throws IOException {
    HttpServletResponse own = (HttpServletResponse) getResponse();
    if (gate.isFree()) {
      Servlet61.sendRedirect(own, location, sc, clearBuffer);
    } else {
      gate.sendOrDrop(() -> Servlet61.sendRedirect(own, location, sc, clearBuffer));
    }
  }

  /** Servlet 6.1: the wrapper that the API gives to extend would go to the container by itself. */
  public void sendRedirect(String location, boolean clearBuffer) throws IOException {
    sendRedirect(location, SC_FOUND, clearBuffer);
  }

  /** Servlet 6.1: the wrapper that the API gives to extend would go to the container by itself. */
  public void sendRedirect(String location, int sc) throws IOException {
    sendRedirect(location, sc, true);
  }

  /** Servlet 6.2. Not an override for the compiler, which sees 6.0. */
  public void sendEarlyHints() {
    HttpServletResponse own = (HttpServletResponse) getResponse();
    if (gate.isFree()) {
      Servlet61.sendEarlyHints(own);
    } else {
      gate.sendQuietly(() -> Servlet61.sendEarlyHints(own));
    }
  }

  // What sets.

  @Override
  public void addCookie(Cookie cookie) {
    if (gate.isFree()) {
      super.addCookie(cookie);
    } else {
      gate.act(() -> super.addCookie(cookie));
    }
  }

  @Override
  public void setDateHeader(String name, long date) {
    if (gate.isFree()) {
      super.setDateHeader(name, date);
    } else {
      gate.act(() -> super.setDateHeader(name, date));
    }
  }

  @Override
  public void addDateHeader(String name, long date) {
    if (gate.isFree()) {
      super.addDateHeader(name, date);
    } else {
      gate.act(() -> super.addDateHeader(name, date));
    }
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (gate.isFree()) {
      super.setHeader(name, value);
    } else {
      gate.act(() -> super.setHeader(name, value));
    }
  }

  @Override
  public void addHeader(String name, @Nullable String value) {
    if (gate.isFree()) {
      super.addHeader(name, value);
    } else {
      gate.act(() -> super.addHeader(name, value));
    }
  }

  @Override
  public void setIntHeader(String name, int value) {
    if (gate.isFree()) {
      super.setIntHeader(name, value);
    } else {
      gate.act(() -> super.setIntHeader(name, value));
    }
  }

  @Override
  public void addIntHeader(String name, int value) {
    if (gate.isFree()) {
      super.addIntHeader(name, value);
    } else {
      gate.act(() -> super.addIntHeader(name, value));
    }
  }

  @Override
  public void setStatus(int sc) {
    if (gate.isFree()) {
      super.setStatus(sc);
    } else {
      gate.act(() -> super.setStatus(sc));
    }
  }

  @Override
  public void setCharacterEncoding(@Nullable String charset) {
    if (gate.isFree()) {
      super.setCharacterEncoding(charset);
    } else {
      gate.act(() -> super.setCharacterEncoding(charset));
    }
  }

  @Override
  public void setContentLength(int len) {
    if (gate.isFree()) {
      super.setContentLength(len);
    } else {
      gate.act(() -> super.setContentLength(len));
    }
  }

  @Override
  public void setContentLengthLong(long len) {
    if (gate.isFree()) {
      super.setContentLengthLong(len);
    } else {
      gate.act(() -> super.setContentLengthLong(len));
    }
  }

  @Override
  public void setContentType(@Nullable String type) {
    if (gate.isFree()) {
      super.setContentType(type);
    } else {
      gate.act(() -> super.setContentType(type));
    }
  }

  @Override
  public void setBufferSize(int size) {
    if (gate.isFree()) {
      super.setBufferSize(size);
    } else {
      gate.act(() -> super.setBufferSize(size));
    }
  }

  @Override
  public void resetBuffer() {
    if (gate.isFree()) {
      super.resetBuffer();
    } else {
      gate.act(super::resetBuffer);
    }
  }

  @Override
  public void reset() {
    if (gate.isFree()) {
      super.reset();
    } else {
      gate.act(super::reset);
    }
  }

  @Override
  public void setLocale(@Nullable Locale loc) {
    if (gate.isFree()) {
      super.setLocale(loc);
    } else {
      gate.act(() -> super.setLocale(loc));
    }
  }

  @Override
  public void setTrailerFields(Supplier<Map<String, String>> supplier) {
    if (gate.isFree()) {
      super.setTrailerFields(supplier);
    } else {
      gate.act(() -> super.setTrailerFields(supplier));
    }
  }

  /** Servlet 6.1. Not an override for the compiler, which sees 6.0. */
  public void setCharacterEncoding(Charset encoding) {
    if (gate.isFree()) {
      Servlet61.setCharacterEncoding(getResponse(), encoding);
    } else {
      gate.act(() -> Servlet61.setCharacterEncoding(getResponse(), encoding));
    }
  }

  // What is asked of it.

  @Override
  public boolean containsHeader(String name) {
    return gate.isFree()
        ? super.containsHeader(name)
        : gate.read(() -> super.containsHeader(name), known().hasHeader(name));
  }

  @Override
  public String encodeURL(String url) {
    return gate.isFree() ? super.encodeURL(url) : gate.read(() -> super.encodeURL(url), url);
  }

  @Override
  public String encodeRedirectURL(String url) {
    return gate.isFree()
        ? super.encodeRedirectURL(url)
        : gate.read(() -> super.encodeRedirectURL(url), url);
  }

  @Override
  public int getStatus() {
    return gate.isFree() ? super.getStatus() : gate.read(super::getStatus, known().head().status());
  }

  @Override
  public Collection<String> getHeaders(String name) {
    return gate.isFree()
        ? super.getHeaders(name)
        : gate.read(() -> super.getHeaders(name), known().headers(name));
  }

  @Override
  public Collection<String> getHeaderNames() {
    return gate.isFree()
        ? super.getHeaderNames()
        : gate.read(super::getHeaderNames, known().headerNames());
  }

  @Override
  public @Nullable Supplier<Map<String, String>> getTrailerFields() {
    return gate.isFree() ? super.getTrailerFields() : gate.readOrNull(super::getTrailerFields);
  }

  @Override
  public String getCharacterEncoding() {
    return gate.isFree()
        ? super.getCharacterEncoding()
        : gate.read(super::getCharacterEncoding, known().head().charset());
  }

  @Override
  public int getBufferSize() {
    return gate.isFree() ? super.getBufferSize() : gate.read(super::getBufferSize, 0);
  }

  @Override
  public boolean isCommitted() {
    return gate.isFree() ? super.isCommitted() : gate.readWhileOpen(super::isCommitted, true);
  }

  @Override
  public Locale getLocale() {
    return gate.isFree() ? super.getLocale() : gate.read(super::getLocale, Locale.getDefault());
  }

  @Override
  public @Nullable String getHeader(String name) {
    return gate.isFree()
        ? super.getHeader(name)
        : gate.readOrNull(() -> super.getHeader(name), known().header(name));
  }

  @Override
  public @Nullable String getContentType() {
    return gate.isFree()
        ? super.getContentType()
        : gate.readOrNull(super::getContentType, known().head().contentType());
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedResponse of " + exchange;
  }
}
