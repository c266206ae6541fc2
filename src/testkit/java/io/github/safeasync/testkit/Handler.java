package io.github.safeasync.testkit;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * A servlet as a lambda. Has to be thread-safe, as a servlet has.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Handler {
  /**
   * Serves one request, as HttpServlet.service does.
   *
   * @param request the container's, or what filters make of it
   * @param response the container's, or what filters make of it
   * @throws ServletException as a servlet throws it
   * @throws IOException as a servlet throws it
   */
  void handle(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException;
}
