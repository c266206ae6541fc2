package io.github.safeasync.faults;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Before the library's filter, makes methods of the container throw when they are called next, and
 * counts the completions that the container has carried out. A real container is beneath.
 */
final class FaultyContainer implements Filter {

  /** What the next call of a method throws. */
  private final Map<String, Supplier<? extends Error>> rules = new ConcurrentHashMap<>();

  private final AtomicInteger thrown = new AtomicInteger();
  private final AtomicInteger mostCompletions = new AtomicInteger();

  /** The next call of a method fails. */
  void fail(String method, Supplier<? extends Error> error) {
    rules.put(method, error);
  }

  /** Nothing fails any more, and nothing is counted. */
  void reset() {
    rules.clear();
    thrown.set(0);
    mostCompletions.set(0);
  }

  /** How many calls have failed. */
  int thrown() {
    return thrown.get();
  }

  /** How often the container was told to complete one request, and did: of all the most. */
  int mostCompletions() {
    return mostCompletions.get();
  }

  private void check(String method) {
    Supplier<? extends Error> error = rules.remove(method);
    if (error != null) {
      thrown.incrementAndGet();
      throw error.get();
    }
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    chain.doFilter(
        new Request((HttpServletRequest) request), new Response((HttpServletResponse) response));
  }

  private AsyncContext faulty(AsyncContext context, AtomicInteger completions) {
    return (AsyncContext)
        Proxy.newProxyInstance(
            FaultyContainer.class.getClassLoader(),
            new Class<?>[] {AsyncContext.class},
            (proxy, method, arguments) -> {
              check(method.getName());
              try {
                Object answer = method.invoke(context, arguments);
                if (method.getName().equals("complete")) {
                  mostCompletions.accumulateAndGet(completions.incrementAndGet(), Math::max);
                }
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private final class Request extends HttpServletRequestWrapper {

    private final AtomicInteger completions = new AtomicInteger();

    Request(HttpServletRequest request) {
      super(request);
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
      check("startAsync");
      return faulty(super.startAsync(request, response), completions);
    }

    @Override
    public AsyncContext startAsync() {
      check("startAsync");
      return faulty(super.startAsync(), completions);
    }

    @Override
    public AsyncContext getAsyncContext() {
      return faulty(super.getAsyncContext(), completions);
    }

    @Override
    public void setAttribute(String name, Object value) {
      check("setAttribute");
      super.setAttribute(name, value);
    }
  }

  private final class Response extends HttpServletResponseWrapper {

    private ServletOutputStream own;

    Response(HttpServletResponse response) {
      super(response);
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      check("getOutputStream");
      if (own == null) {
        own = new Stream(super.getOutputStream());
      }
      return own;
    }

    @Override
    public void setStatus(int status) {
      check("setStatus");
      super.setStatus(status);
    }

    @Override
    public void setHeader(String name, String value) {
      check("setHeader");
      super.setHeader(name, value);
    }

    @Override
    public boolean isCommitted() {
      check("isCommitted");
      return super.isCommitted();
    }

    @Override
    public int getBufferSize() {
      check("getBufferSize");
      return super.getBufferSize();
    }

    @Override
    public void sendError(int status) throws IOException {
      check("sendError");
      super.sendError(status);
    }

    @Override
    public String getHeader(String name) {
      check("getHeader");
      return super.getHeader(name);
    }
  }

  private final class Stream extends ServletOutputStream {

    private final ServletOutputStream stream;

    Stream(ServletOutputStream stream) {
      this.stream = stream;
    }

    @Override
    public boolean isReady() {
      check("isReady");
      return stream.isReady();
    }

    @Override
    public void setWriteListener(WriteListener listener) {
      check("setWriteListener");
      stream.setWriteListener(listener);
    }

    @Override
    public void write(int b) throws IOException {
      check("write");
      stream.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      check("write");
      stream.write(b, off, len);
    }

    @Override
    public void flush() throws IOException {
      check("flush");
      stream.flush();
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
