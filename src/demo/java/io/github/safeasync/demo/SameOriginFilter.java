package io.github.safeasync.demo;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Keeps other sites' pages from starting anything here: of what they ask only the page itself is
 * opened, by a link, and never inside a frame. Clients that are no browsers are not asked.
 */
public final class SameOriginFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    response.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    if (isOfAnotherSite(request) && !isLink(request)) {
      response.sendError(403, "Other sites may link to this page, and nothing else");
      return;
    }
    chain.doFilter(request, response);
  }

  /** Fetch Metadata where the browser sends it, otherwise the origin (RFC 6454 section 7). */
  private static boolean isOfAnotherSite(HttpServletRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null) {
      return !"same-origin".equals(site) && !"none".equals(site);
    }
    String origin = request.getHeader("Origin");
    return origin != null && !origin.endsWith("://" + request.getHeader("Host"));
  }

  private static boolean isLink(HttpServletRequest request) {
    return "GET".equals(request.getMethod())
        && request.getQueryString() == null
        && "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
        && "document".equals(request.getHeader("Sec-Fetch-Dest"));
  }
}
