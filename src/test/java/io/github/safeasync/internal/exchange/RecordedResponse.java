package io.github.safeasync.internal.exchange;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The response of a container that is not there: it notes the calls of it, in order. */
final class RecordedResponse {

  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final Body body = new Body();
  private volatile @Nullable String contentType;

  /** Returns the response to be handed over. */
  HttpServletResponse asResponse() {
    return (HttpServletResponse)
        Proxy.newProxyInstance(
            RecordedResponse.class.getClassLoader(),
            new Class<?>[] {HttpServletResponse.class},
            this::answer);
  }

  private @Nullable Object answer(Object proxy, Method method, Object[] arguments) {
    switch (method.getName()) {
      case "equals":
        return proxy == arguments[0];
      case "getContentType":
        return contentType;
      case "getBufferSize":
        return 8192;
      case "getCharacterEncoding":
        return "UTF-8";
      case "getHeaderNames":
        return List.of();
      case "getStatus":
        return 200;
      case "getHeader", "setContentLengthLong":
        return null;
      case "isCommitted":
        return false;
      case "getOutputStream":
        return body;
      case "setContentType":
        contentType = (String) arguments[0];
        break;
      case "setStatus", "setHeader", "addHeader", "sendError":
        break;
      default:
        throw new UnsupportedOperationException(method.toString());
    }
    StringBuilder call = new StringBuilder(method.getName());
    for (Object argument : arguments) {
      call.append(' ').append(argument);
    }
    calls.add(call.toString());
    return null;
  }

  /** What the application has set before the library comes. */
  RecordedResponse withContentType(String type) {
    contentType = type;
    return this;
  }

  /** Returns the calls that change something, as {@code setHeader name value}. */
  List<String> calls() {
    return List.of(calls.toArray(String[]::new));
  }

  /** Returns what was written, as Latin-1. */
  String body() {
    return body.text();
  }

  private static final class Body extends ServletOutputStream {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) {
      bytes.write(b);
    }

    synchronized String text() {
      return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      throw new UnsupportedOperationException("Only short bodies, which are written whole");
    }
  }
}
