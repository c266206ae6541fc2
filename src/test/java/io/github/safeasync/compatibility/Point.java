package io.github.safeasync.compatibility;

/** Where an application stands when its client leaves. */
enum Point {
  /** The client stays. */
  NONE,
  /** Nothing of the request's body has been sent. */
  BEFORE_BODY,
  /** Half of the request's body has been sent, and read. */
  IN_BODY,
  /** The request's body has been sent whole, and is not read. */
  BEHIND_BODY,
  /** In the servlet, before a write. */
  IN_SERVLET,
  /** The servlet has returned, another thread goes on. */
  IDLE,
  /** Between two writes of the response's body. */
  IN_WRITE,
  /** The client reads nothing, a write waits for it. */
  BLOCKED_IN_WRITE,
  /** In one of the application's callbacks. */
  IN_LISTENER,
  /** In an asynchronous dispatch. */
  IN_ASYNC_DISPATCH,
  /** In the cycle that an asynchronous dispatch has started. */
  IDLE_AGAIN,
  /** In the target of a forward. */
  IN_FORWARD,
  /** In the target of an include. */
  IN_INCLUDE,
  /** In an error page. */
  IN_ERROR_PAGE,
  /** In the listener of the container's timeout. */
  AT_TIMEOUT
}
