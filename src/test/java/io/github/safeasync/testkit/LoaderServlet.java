package io.github.safeasync.testkit;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Tells, from inside a WAR, who loads the class named in the query string. */
public final class LoaderServlet extends HttpServlet {
  private static final long serialVersionUID = 1;

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.getWriter().print(whoLoads(request.getQueryString()));
  }

  private String whoLoads(String className) {
    ClassLoader mine = getClass().getClassLoader();
    try {
      return Class.forName(className, false, mine).getClassLoader() == mine ? "war" : "server";
    } catch (ClassNotFoundException e) {
      return "nobody";
    }
  }
}
