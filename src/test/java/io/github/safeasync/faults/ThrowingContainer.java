package io.github.safeasync.faults;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Each call of the container's that the library makes for an exchange, which throws an Error once.
 */
enum ThrowingContainer {
  START_ASYNC,
  ADD_LISTENER,
  SET_TIMEOUT,
  COMPLETE,
  GET_OUTPUT_STREAM,
  SET_WRITE_LISTENER,
  IS_READY,
  WRITE,
  FLUSH,
  IS_COMMITTED,
  SET_STATUS,
  SET_HEADER;

  /**
   * Whether the exchange has not begun then: the Error is the servlet's own, a synchronous one's.
   */
  boolean isOfStart() {
    return this == START_ASYNC || this == ADD_LISTENER || this == SET_TIMEOUT;
  }

  /** Wraps a request as a filter does. */
  HttpServletRequest wrap(HttpServletRequest request, Fault fault) {
    return new HttpServletRequestWrapper(request) {
      private AsyncContext own;

      @Override
      public AsyncContext startAsync() {
        strike(START_ASYNC, fault);
        own = wrapped(super.startAsync(), fault);
        return own;
      }

      @Override
      public AsyncContext startAsync(ServletRequest in, ServletResponse out) {
        strike(START_ASYNC, fault);
        own = wrapped(super.startAsync(in, out), fault);
        return own;
      }

      @Override
      public AsyncContext getAsyncContext() {
        return own == null ? super.getAsyncContext() : own;
      }
    };
  }

  /** Wraps a response as a filter does. */
  HttpServletResponse wrap(HttpServletResponse response, Fault fault) {
    return new HttpServletResponseWrapper(response) {
      private ServletOutputStream own;

      @Override
      public ServletOutputStream getOutputStream() throws IOException {
        strike(GET_OUTPUT_STREAM, fault);
        if (own == null) {
          own = new Stream(super.getOutputStream(), fault);
        }
        return own;
      }

      @Override
      public boolean isCommitted() {
        strike(IS_COMMITTED, fault);
        return super.isCommitted();
      }

      @Override
      public void setStatus(int status) {
        strike(SET_STATUS, fault);
        super.setStatus(status);
      }

      @Override
      public void setHeader(String name, String value) {
        strike(SET_HEADER, fault);
        super.setHeader(name, value);
      }
    };
  }

  private AsyncContext wrapped(AsyncContext context, Fault fault) {
    return (AsyncContext)
        Proxy.newProxyInstance(
            AsyncContext.class.getClassLoader(),
            new Class<?>[] {AsyncContext.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "addListener" -> strike(ADD_LISTENER, fault);
                case "setTimeout" -> strike(SET_TIMEOUT, fault);
                case "complete" -> strike(COMPLETE, fault);
                default -> {}
              }
              try {
                return method.invoke(context, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void strike(ThrowingContainer at, Fault fault) {
    if (at == this) {
      fault.strike();
    }
  }

  private final class Stream extends ServletOutputStream {
    private final ServletOutputStream stream;
    private final Fault fault;

    Stream(ServletOutputStream stream, Fault fault) {
      this.stream = stream;
      this.fault = fault;
    }

    @Override
    public boolean isReady() {
      strike(IS_READY, fault);
      return stream.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      strike(SET_WRITE_LISTENER, fault);
      stream.setWriteListener(listener);
    }

    @Override
    public void write(int b) throws IOException {
      strike(WRITE, fault);
      stream.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      strike(WRITE, fault);
      stream.write(b, off, len);
    }

    @Override
    public void flush() throws IOException {
      strike(FLUSH, fault);
      stream.flush();
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
