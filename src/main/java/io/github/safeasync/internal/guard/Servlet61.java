package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * The methods that came after Servlet 6.0, which the library is compiled against. A container that
 * has one calls it by way of the guards, so that what it does stays the container's.
 */
public final class Servlet61 {

  private static final @Nullable MethodHandle WRITE =
      find(ServletOutputStream.class, "write", void.class, ByteBuffer.class);
  private static final @Nullable MethodHandle READ =
      find(ServletInputStream.class, "read", int.class, ByteBuffer.class);
  private static final @Nullable MethodHandle REDIRECT =
      find(
          HttpServletResponse.class,
          "sendRedirect",
          void.class,
          String.class,
          int.class,
          boolean.class);
  private static final @Nullable MethodHandle REQUEST_ENCODING =
      find(ServletRequest.class, "setCharacterEncoding", void.class, Charset.class);
  private static final @Nullable MethodHandle RESPONSE_ENCODING =
      find(ServletResponse.class, "setCharacterEncoding", void.class, Charset.class);

  /** Servlet 6.2. */
  private static final @Nullable MethodHandle EARLY_HINTS =
      find(HttpServletResponse.class, "sendEarlyHints", void.class);

  private Servlet61() {}

  private static @Nullable MethodHandle find(
      Class<?> in, String name, Class<?> returns, Class<?>... takes) {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(in, name, MethodType.methodType(returns, takes));
    } catch (NoSuchMethodException | IllegalAccessException older) {
      return null;
    }
  }

  /** Writes a buffer without a copy where that is possible: from its array, or as it is. */
  public static void writeAnywhere(ServletOutputStream stream, ByteBuffer bytes)
      throws IOException {
    if (bytes.hasArray()) {
      stream.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    } else if (WRITE != null) {
      write(stream, bytes);
    } else {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      stream.write(copy, 0, copy.length);
    }
  }

  static void write(ServletOutputStream stream, ByteBuffer bytes) throws IOException {
    try {
      present(WRITE).invokeExact(stream, bytes);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  static int read(ServletInputStream stream, ByteBuffer bytes) throws IOException {
    try {
      return (int) present(READ).invokeExact(stream, bytes);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  static void sendRedirect(
      HttpServletResponse response, String location, int status, boolean clearBuffer)
      throws IOException {
    try {
      present(REDIRECT).invokeExact(response, location, status, clearBuffer);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  static void setCharacterEncoding(ServletRequest request, Charset encoding) {
    try {
      present(REQUEST_ENCODING).invokeExact(request, encoding);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  static void setCharacterEncoding(ServletResponse response, Charset encoding) {
    try {
      present(RESPONSE_ENCODING).invokeExact(response, encoding);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  static void sendEarlyHints(HttpServletResponse response) {
    try {
      present(EARLY_HINTS).invokeExact(response);
    } catch (Throwable thrown) {
      throw unchecked(thrown);
    }
  }

  private static MethodHandle present(@Nullable MethodHandle method) {
    if (method == null) {
      throw new UnsupportedOperationException("The container's Servlet API has no such method");
    }
    return method;
  }

  private static IOException rethrown(Throwable thrown) {
    if (thrown instanceof IOException io) {
      return io;
    }
    throw unchecked(thrown);
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof RuntimeException runtime) {
      return runtime;
    } else if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(thrown);
  }
}
