package io.github.safeasync.spring;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.ModelAndView;

/**
 * Completes requests that a controller's method has taken into its own hands before it threw, where
 * an exception handler has answered: nobody else would.
 */
final class FailedMethods implements HandlerInterceptor {

  /** The method has returned. */
  @Override
  public void postHandle(
      HttpServletRequest request,
      HttpServletResponse response,
      Object handler,
      @Nullable ModelAndView view) {
    request.removeAttribute(ExchangeArguments.TAKEN);
  }

  /** An exception that nobody has handled is the container's, as without the library. */
  @Override
  public void afterCompletion(
      HttpServletRequest request,
      HttpServletResponse response,
      Object handler,
      @Nullable Exception unhandled) {
    if (unhandled == null
        && request.getAttribute(ExchangeArguments.TAKEN) != null
        && request.isAsyncStarted()) {
      request.getAsyncContext().complete();
    }
  }
}
