package io.github.safeasync.internal.detect;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The C library's functions by {@code java.lang.foreign}, which is final since JDK 22 and reached
 * by reflection: the library is compiled for 17, and one jar has to serve every JDK. Only the setup
 * is reflective; what it makes are method handles of primitives.
 *
 * <p>{@code Linker.downcallHandle} is restricted and sensitive to its caller, which to a reflective
 * call is this class: whoever asks for a function has to ask {@link #requireAllowed} first.
 */
final class ForeignFunctions {

  private static final int FINAL_SINCE = 22;

  private final Object linker;
  private final Class<?> segments;
  private final Class<?> layouts;

  private ForeignFunctions() throws ReflectiveOperationException {
    this.segments = type("MemorySegment");
    this.layouts = type("MemoryLayout");
    this.linker = type("Linker").getMethod("nativeLinker").invoke(null);
  }

  /** Returns the functions of this JVM's platform; after {@link #requireAllowed}. */
  static ForeignFunctions open() {
    try {
      return new ForeignFunctions();
    } catch (ReflectiveOperationException | LinkageError e) {
      throw refused(e);
    }
  }

  /**
   * Sees that a function can be called and is no reason for the JVM to warn.
   *
   * @throws UnsupportedOperationException otherwise, with the reason as its message
   */
  static void requireAllowed() {
    if (Runtime.version().feature() < FINAL_SINCE) {
      throw new UnsupportedOperationException("needs JDK 22 or later");
    }
    if (!isAllowed()) {
      throw new UnsupportedOperationException("native access is not enabled");
    }
  }

  private static boolean isAllowed() {
    try {
      Method asked = Module.class.getMethod("isNativeAccessEnabled");
      return Boolean.TRUE.equals(asked.invoke(ForeignFunctions.class.getModule()));
    } catch (ReflectiveOperationException e) {
      throw refused(e);
    }
  }

  /** The type of an argument or result. */
  enum Type {
    INT("JAVA_INT"),
    LONG("JAVA_LONG"),
    ADDRESS("ADDRESS");

    private final String layout;

    Type(String layout) {
      this.layout = layout;
    }
  }

  /** Finds a function; its addresses are memory segments, to be bound with {@link #bind}. */
  MethodHandle function(String name, Type result, Type... parameters) {
    return find(name, false, result, parameters);
  }

  /** As {@link #function}, with a first parameter for memory that takes the call's errno. */
  MethodHandle functionWithErrno(String name, Type result, Type... parameters) {
    return find(name, true, result, parameters);
  }

  private MethodHandle find(String name, boolean errno, Type result, Type... parameters) {
    try {
      Object lookup = type("Linker").getMethod("defaultLookup").invoke(linker);
      Optional<?> address =
          (Optional<?>) type("SymbolLookup").getMethod("find", String.class).invoke(lookup, name);
      if (address.isEmpty()) {
        throw new UnsupportedOperationException("no function " + name);
      }
      Class<?> options = type("Linker$Option");
      Object asked = Array.newInstance(options, errno ? 1 : 0);
      if (errno) {
        Object capture =
            options
                .getMethod("captureCallState", String[].class)
                .invoke(null, (Object) new String[] {"errno"});
        Array.set(asked, 0, capture);
      }
      return (MethodHandle)
          type("Linker")
              .getMethod("downcallHandle", segments, type("FunctionDescriptor"), asked.getClass())
              .invoke(linker, address.get(), shape(result, parameters), asked);
    } catch (ReflectiveOperationException e) {
      throw refused(e);
    }
  }

  private Object shape(Type result, Type... parameters) throws ReflectiveOperationException {
    Object arguments = Array.newInstance(layouts, parameters.length);
    for (int i = 0; i < parameters.length; i++) {
      Array.set(arguments, i, layout(parameters[i]));
    }
    return type("FunctionDescriptor")
        .getMethod("of", layouts, arguments.getClass())
        .invoke(null, layout(result), arguments);
  }

  /** Gives a function the memory of a direct buffer for one of its parameters, for good. */
  MethodHandle bind(MethodHandle function, int parameter, ByteBuffer memory) {
    try {
      Object segment = segments.getMethod("ofBuffer", java.nio.Buffer.class).invoke(null, memory);
      return MethodHandles.insertArguments(function, parameter, segment);
    } catch (ReflectiveOperationException e) {
      throw refused(e);
    }
  }

  /** Makes memory that a function may be bound to, in the order of the platform. */
  static ByteBuffer memory(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static Object layout(Type of) throws ReflectiveOperationException {
    return type("ValueLayout").getField(of.layout).get(null);
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName("java.lang.foreign." + name);
  }

  private static UnsupportedOperationException refused(Throwable failure) {
    Throwable cause =
        failure instanceof InvocationTargetException wrapper && wrapper.getCause() != null
            ? wrapper.getCause()
            : failure;
    return new UnsupportedOperationException(cause.toString(), cause);
  }
}
