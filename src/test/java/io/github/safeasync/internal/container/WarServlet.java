package io.github.safeasync.internal.container;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Deployed in a WAR by {@link ConnectionWarIT}. */
public final class WarServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Connection connection = Connections.behind(request);
    boolean ownCopy = Connections.class.getClassLoader() == WarServlet.class.getClassLoader();
    var peer = connection.peer();
    response.setContentType("text/plain");
    response.getOutputStream().print("container " + connection.container());
    response.getOutputStream().print(", port " + (peer == null ? "unknown" : peer.getPort()));
    response.getOutputStream().print(", lock " + (connection.quirks().writeLock() != null));
    response.getOutputStream().print(", own copy " + ownCopy);
    response.getOutputStream().print(", server class " + sees(request.getParameter("see")));
    if (request.getParameter("abort") != null) {
      response.flushBuffer();
      var context = request.startAsync();
      connection.quirks().abort(context::complete);
    }
  }

  private static boolean sees(String className) {
    try {
      Class.forName(className, false, WarServlet.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException hidden) {
      return false;
    }
  }
}
