package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a buffer to a container's stream without a copy where that is possible: from its array, or
 * by {@code ServletOutputStream.write(ByteBuffer)} of Servlet 6.1, which the library, compiled
 * against 6.0, looks up once.
 */
public final class BufferWrite {

  private static final @Nullable MethodHandle WRITE_BUFFER = find();

  private BufferWrite() {}

  private static @Nullable MethodHandle find() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(
              ServletOutputStream.class,
              "write",
              MethodType.methodType(void.class, ByteBuffer.class));
    } catch (NoSuchMethodException | IllegalAccessException servlet60) {
      return null;
    }
  }

  public static void to(ServletOutputStream stream, ByteBuffer bytes) throws IOException {
    if (bytes.hasArray()) {
      stream.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    } else if (WRITE_BUFFER != null) {
      write(WRITE_BUFFER, stream, bytes);
    } else {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      stream.write(copy, 0, copy.length);
    }
  }

  private static void write(MethodHandle handle, ServletOutputStream stream, ByteBuffer bytes)
      throws IOException {
    try {
      handle.invokeExact(stream, bytes);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
