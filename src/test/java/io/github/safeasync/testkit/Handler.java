package io.github.safeasync.testkit;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A servlet as a lambda. */
@FunctionalInterface
public interface Handler {
  /** Serves one request, as HttpServlet.service does. */
  void handle(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException;
}
