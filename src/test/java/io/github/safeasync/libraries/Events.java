package io.github.safeasync.libraries;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.ee10.servlets.EventSource;
import org.eclipse.jetty.ee10.servlets.EventSourceServlet;

/**
 * Jetty's servlet of server-sent events, which asks by a heartbeat whether its clients are there.
 */
final class Events extends EventSourceServlet {

  private static final long serialVersionUID = 1;

  final transient List<EventSource> opened = new CopyOnWriteArrayList<>();
  final AtomicInteger closed = new AtomicInteger();

  @Override
  protected EventSource newEventSource(HttpServletRequest request) {
    return new EventSource() {
      @Override
      public void onOpen(Emitter emitter) throws IOException {
        opened.add(this);
        emitter.data("hello");
      }

      @Override
      public void onClose() {
        closed.incrementAndGet();
      }
    };
  }
}
