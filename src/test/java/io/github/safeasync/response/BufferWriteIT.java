package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.internal.guard.Servlet61;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a buffer is written by, in the Servlet versions of both executions. */
class BufferWriteIT {

  private final Recorder stream = new Recorder();

  @Test
  void buffer_outsideTheHeap_isWrittenAsItIsSinceServlet61() throws Exception {
    ByteBuffer direct = ByteBuffer.allocateDirect(8).putLong(42).flip();
    Servlet61.writeAnywhere(stream, direct);
    if (isServlet61()) {
      assertThat(stream.buffers).singleElement().isSameAs(direct);
      assertThat(stream.arrays).isEmpty();
    } else {
      assertThat(stream.arrays).containsExactly(new byte[] {0, 0, 0, 0, 0, 0, 0, 42});
    }
  }

  @Test
  void buffer_onTheHeap_isWrittenFromItsArray() throws Exception {
    byte[] array = {1, 2, 3, 4, 5};
    Servlet61.writeAnywhere(stream, ByteBuffer.wrap(array, 1, 4).slice().limit(2));
    assertThat(stream.arrays).containsExactly(new byte[] {2, 3});
    assertThat(stream.source).isSameAs(array);
    assertThat(stream.buffers).isEmpty();
  }

  private static boolean isServlet61() {
    return Arrays.stream(ServletOutputStream.class.getMethods())
        .anyMatch(
            method -> Arrays.equals(method.getParameterTypes(), new Class<?>[] {ByteBuffer.class}));
  }

  private static final class Recorder extends ServletOutputStream {

    private final List<ByteBuffer> buffers = new ArrayList<>();
    private final List<byte[]> arrays = new ArrayList<>();
    private byte[] source;

    /** Overrides the method of Servlet 6.1; nobody calls it in 6.0. */
    @SuppressWarnings({"MissingOverride", "unused"})
    public void write(ByteBuffer bytes) {
      buffers.add(bytes);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      source = bytes;
      arrays.add(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    @Override
    public void write(int b) {
      throw new AssertionError("byte by byte");
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      throw new AssertionError("not asked for");
    }
  }
}
