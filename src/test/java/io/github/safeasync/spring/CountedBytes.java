package io.github.safeasync.spring;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes of bodies that reach the container; for the outermost filter. */
final class CountedBytes extends HttpFilter {
  private static final long serialVersionUID = 1;

  private final AtomicLong bytes = new AtomicLong();

  long get() {
    return bytes.get();
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    chain.doFilter(
        request,
        new HttpServletResponseWrapper(response) {
          @Override
          public ServletOutputStream getOutputStream() throws IOException {
            return new Counting(super.getOutputStream());
          }
        });
  }

  private final class Counting extends ServletOutputStream {
    private final ServletOutputStream own;

    Counting(ServletOutputStream own) {
      this.own = own;
    }

    @Override
    public void write(int b) throws IOException {
      bytes.incrementAndGet();
      own.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      bytes.addAndGet(len);
      own.write(b, off, len);
    }

    @Override
    public void flush() throws IOException {
      own.flush();
    }

    @Override
    public boolean isReady() {
      return own.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      own.setWriteListener(listener);
    }
  }
}
