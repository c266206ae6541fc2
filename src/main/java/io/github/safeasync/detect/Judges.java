package io.github.safeasync.detect;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** Opens judges. */
final class Judges {

  static final String PROC_NET = "/proc/self/net";

  /** Compiled for JDK 22 and later only: in META-INF/versions/22 of the jar. */
  private static final String SOCK_DIAG = "io.github.safeasync.detect.SockDiag";

  private Judges() {}

  static Judge proc(Runnable meanwhile) {
    return new ProcTable(PROC_NET, meanwhile);
  }

  /**
   * Opens the judge that asks by netlink.
   *
   * @throws UnsupportedOperationException if that cannot be, with the reason as its message
   */
  static Judge sockDiag() {
    try {
      Method open = Class.forName(SOCK_DIAG).getDeclaredMethod("open");
      return (Judge) open.invoke(null);
    } catch (ClassNotFoundException e) {
      throw new UnsupportedOperationException("needs JDK 22 or later", e);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause();
      throw new UnsupportedOperationException(
          cause instanceof UnsupportedOperationException ? cause.getMessage() : "" + cause, cause);
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new UnsupportedOperationException(e.toString(), e);
    }
  }
}
