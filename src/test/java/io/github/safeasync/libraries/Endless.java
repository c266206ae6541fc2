package io.github.safeasync.libraries;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Servlets that write until a write fails, as the world's event streams do by hand. */
final class Endless {

  private static final long PAUSE_NANOS = 50_000_000;

  final AtomicInteger running = new AtomicInteger();
  final AtomicInteger ended = new AtomicInteger();
  private volatile boolean stopped;

  /** In the container's own thread. */
  void synchronously(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setContentType("text/event-stream");
    write(response.getOutputStream());
  }

  /** In a thread of the application. */
  void inAThread(HttpServletRequest request, HttpServletResponse response) throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    response.setContentType("text/event-stream");
    ServletOutputStream out = response.getOutputStream();
    new Thread(() -> writeAndComplete(out, context), "endless").start();
  }

  /** In a thread that the container gives. */
  void byStart(HttpServletRequest request, HttpServletResponse response) throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    response.setContentType("text/event-stream");
    ServletOutputStream out = response.getOutputStream();
    context.start(() -> writeAndComplete(out, context));
  }

  private void writeAndComplete(ServletOutputStream out, AsyncContext context) {
    try {
      write(out);
    } catch (IOException e) {
      // What ends it.
    }
    try {
      context.complete();
    } catch (IllegalStateException e) {
      // The container has completed it.
    }
  }

  private void write(ServletOutputStream out) throws IOException {
    running.incrementAndGet();
    try {
      while (!stopped) {
        out.print("data: more\n\n");
        out.flush();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (IOException e) {
      ended.incrementAndGet();
      throw e;
    } finally {
      running.decrementAndGet();
    }
  }

  /** Ends what no failure has ended. */
  void stop() {
    stopped = true;
  }
}
