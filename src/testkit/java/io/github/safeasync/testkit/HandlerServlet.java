package io.github.safeasync.testkit;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Hands every request to a {@link Handler}. */
final class HandlerServlet extends HttpServlet {
  private final transient Handler handler;

  HandlerServlet(Handler handler) {
    this.handler = handler;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    handler.handle(request, response);
  }
}
