package io.github.safeasync.internal.container;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Stands behind the {@code org.xnio.ChannelListener} of a channel, so that what calls that calls
 * one of ours as well, afterwards. Taken out with its watch: the channel must hold nothing of this
 * library longer than that.
 */
final class WriteListenerTap implements InvocationHandler {

  private final Object inner;
  private volatile @Nullable Runnable called;

  private WriteListenerTap(Object inner, Runnable called) {
    this.inner = inner;
    this.called = called;
  }

  /**
   * Puts one in.
   *
   * @param setter a {@code ChannelListener.SimpleSetter}
   * @param called on the channel's thread, each time its listener was
   * @return takes it out; null if it could not be put in
   */
  static @Nullable Runnable insert(Object setter, Runnable called) {
    Class<?> type = setter.getClass().getEnclosingClass();
    Object inner = Members.read(setter, "get()");
    if (type == null || !type.isInterface() || inner == null) {
      return null;
    }
    WriteListenerTap tap = new WriteListenerTap(inner, called);
    Object listener;
    try {
      listener = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, tap);
    } catch (RuntimeException | LinkageError unreachable) {
      return null;
    }
    if (!Members.call(setter, "set", listener)) {
      return null;
    }
    return () -> {
      tap.called = null;
      if (Members.read(setter, "get()") == listener) {
        Members.call(setter, "set", inner);
      }
    };
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    return switch (method.getName()) {
      case "equals" -> arguments != null && proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      case "toString" -> "safe-async, after " + inner;
      default -> {
        try {
          yield method.invoke(inner, arguments);
        } catch (InvocationTargetException itsOwn) {
          throw itsOwn.getTargetException();
        } finally {
          Runnable told = called;
          if (told != null) {
            told.run();
          }
        }
      }
    };
  }
}
