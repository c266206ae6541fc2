package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;

/** Puts an application's wrappers around what a dispatch has brought, in the old guard's place. */
public final class Rewrapping {

  private Rewrapping() {}

  /** Returns the wrappers with the request inside; the request alone if they wrap no guard. */
  public static ServletRequest around(ServletRequest brought, ServletRequest wrappers) {
    ServletRequest at = wrappers;
    while (at instanceof ServletRequestWrapper wrapper && !(at instanceof GuardedRequest)) {
      at = wrapper.getRequest();
      if (at instanceof GuardedRequest) {
        wrapper.setRequest(brought);
        return wrappers;
      }
    }
    return brought;
  }

  /** As {@link #around(ServletRequest, ServletRequest)}. */
  public static ServletResponse around(ServletResponse brought, ServletResponse wrappers) {
    ServletResponse at = wrappers;
    while (at instanceof ServletResponseWrapper wrapper && !(at instanceof GuardedResponse)) {
      at = wrapper.getResponse();
      if (at instanceof GuardedResponse) {
        wrapper.setResponse(brought);
        return wrappers;
      }
    }
    return brought;
  }
}
