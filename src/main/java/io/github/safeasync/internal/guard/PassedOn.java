package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;

/**
 * Whether what wraps a request, in front of the library, passes its body on as it is: then as many
 * bytes are to be read as the client has announced.
 */
final class PassedOn {

  private static final ClassValue<Boolean> OF_WRAPPERS =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> wrapper) {
          return isInherited(wrapper, "getInputStream")
              && isInherited(wrapper, "getReader")
              && isInherited(wrapper, "getContentLengthLong");
        }
      };

  private PassedOn() {}

  static boolean isBodyOf(ServletRequest request) {
    ServletRequest at = request;
    while (at instanceof ServletRequestWrapper wrapper) {
      if (!OF_WRAPPERS.get(wrapper.getClass())) {
        return false;
      }
      at = wrapper.getRequest();
    }
    return true;
  }

  private static boolean isInherited(Class<?> wrapper, String method) {
    try {
      return wrapper.getMethod(method).getDeclaringClass() == ServletRequestWrapper.class;
    } catch (NoSuchMethodException | SecurityException hidden) {
      return false;
    }
  }
}
