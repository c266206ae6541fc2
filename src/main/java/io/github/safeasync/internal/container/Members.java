package io.github.safeasync.internal.container;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads fields and calls methods on objects whose classes this library cannot name, starting from
 * the object and never from a class loader. A member to read is written "field" or "method()".
 *
 * <p>The found members are kept per class in a {@link ClassValue}, which stores them in the
 * container's class itself, and consist of nothing but JDK types. So neither side holds the other:
 * a web application with the library in it can be undeployed while the container's classes live on,
 * and a container can be thrown away while the library, in a parent loader, lives on. A value of a
 * type of our own would break the first, a map with the container's classes in it the second.
 */
final class Members {

  private static final ClassValue<Map<String, Optional<MethodHandle>>> KNOWN =
      new ClassValue<>() {
        @Override
        protected Map<String, Optional<MethodHandle>> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  private static final MethodType READ = MethodType.methodType(Object.class, Object.class);

  private Members() {}

  /** Follows members from an object; null as soon as one is missing, null or fails. */
  static @Nullable Object walk(@Nullable Object from, String... members) {
    Object at = from;
    for (String member : members) {
      at = read(at, member);
    }
    return at;
  }

  /** As {@link #walk(Object, String...)}, for the way of most, which makes no array. */
  static @Nullable Object walk(@Nullable Object from, String member, String next) {
    return read(read(from, member), next);
  }

  /** The value of one member; null if it is missing, null or fails. */
  static @Nullable Object read(@Nullable Object from, String member) {
    if (from == null) {
      return null;
    }
    MethodHandle handle = handle(from.getClass(), member);
    if (handle == null) {
      return null;
    }
    try {
      return (Object) handle.invokeExact(from);
    } catch (VirtualMachineError fatal) {
      throw fatal;
    } catch (Throwable unreachable) {
      return null; // the container's state does not allow it now
    }
  }

  /** Whether a class has a member, and it can be reached. */
  static boolean has(Class<?> type, String member) {
    return handle(type, member) != null;
  }

  /**
   * Calls a method by its name and number of parameters; an argument that is a constant of the
   * container's own enum is given by its name. Looked up anew each time.
   *
   * @return whether the method was found and called, even if it threw an exception
   */
  static boolean call(Object on, String name, Object... arguments) {
    try {
      for (Class<?> at = on.getClass(); at != null; at = at.getSuperclass()) {
        for (Method method : at.getDeclaredMethods()) {
          if (method.getName().equals(name)
              && method.getParameterCount() == arguments.length
              && method.trySetAccessible()) {
            method.invoke(on, converted(arguments, method.getParameterTypes()));
            return true;
          }
        }
      }
      return false;
    } catch (InvocationTargetException itsOwn) {
      return true;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unreachable) {
      return false;
    }
  }

  /**
   * Makes an exception of a public type of the container's. Looked up anew each time.
   *
   * @param beside an object whose class loader knows the type
   * @return null if there is no such type, or it cannot be made of a message
   */
  static @Nullable IOException exception(
      @Nullable Object beside, String type, @Nullable String message) {
    if (beside == null) {
      return null;
    }
    try {
      Class<?> found = Class.forName(type, true, beside.getClass().getClassLoader());
      return (IOException) found.getConstructor(String.class).newInstance(message);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unreachable) {
      return null;
    }
  }

  /**
   * Sets a field. Looked up anew each time.
   *
   * @return whether it was found and set
   */
  static boolean set(Object on, String name, Object value) {
    try {
      Field field = openField(on.getClass(), name);
      if (field != null) {
        field.set(on, value);
      }
      return field != null;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unreachable) {
      return false;
    }
  }

  private static Object[] converted(Object[] arguments, Class<?>[] types) {
    Object[] converted = arguments.clone();
    for (int i = 0; i < types.length; i++) {
      if (types[i].isEnum()) {
        for (Object constant : types[i].getEnumConstants()) {
          converted[i] = ((Enum<?>) constant).name().equals(arguments[i]) ? constant : converted[i];
        }
      }
    }
    return converted;
  }

  private static @Nullable MethodHandle handle(Class<?> type, String member) {
    Map<String, Optional<MethodHandle>> known = KNOWN.get(type);
    Optional<MethodHandle> handle = known.get(member);
    if (handle == null) {
      handle = Optional.ofNullable(find(type, member));
      known.put(member, handle);
    }
    return handle.orElse(null);
  }

  private static @Nullable MethodHandle find(Class<?> type, String member) {
    try {
      MethodHandle found =
          member.endsWith("()")
              ? method(type, member.substring(0, member.length() - 2))
              : field(type, member);
      return found == null ? null : found.asType(READ);
    } catch (IllegalAccessException | RuntimeException | LinkageError unreachable) {
      return null;
    }
  }

  /** The method as a public type declares it, else as any superclass does, opened. */
  private static @Nullable MethodHandle method(Class<?> type, String name)
      throws IllegalAccessException {
    Method open = openMethod(type, name);
    for (Class<?> at = type; open == null && at != null; at = at.getSuperclass()) {
      for (Method method : at.getDeclaredMethods()) {
        if (isReader(method, name) && method.trySetAccessible()) {
          open = method;
        }
      }
    }
    return open == null ? null : MethodHandles.publicLookup().unreflect(open);
  }

  /** Needs no setAccessible, so it works into a named module that opens nothing. */
  private static @Nullable Method openMethod(Class<?> type, String name) {
    if (Modifier.isPublic(type.getModifiers())
        && type.getModule().isExported(type.getPackageName())) {
      for (Method method : type.getDeclaredMethods()) {
        if (isReader(method, name) && Modifier.isPublic(method.getModifiers())) {
          return method;
        }
      }
    }
    Class<?> parent = type.getSuperclass();
    Method found = parent == null ? null : openMethod(parent, name);
    for (Class<?> face : type.getInterfaces()) {
      found = found == null ? openMethod(face, name) : found;
    }
    return found;
  }

  private static boolean isReader(Method method, String name) {
    return method.getName().equals(name)
        && method.getParameterCount() == 0
        && method.getReturnType() != void.class
        && !Modifier.isStatic(method.getModifiers())
        && !method.isBridge();
  }

  private static @Nullable MethodHandle field(Class<?> type, String name)
      throws IllegalAccessException {
    Field open = openField(type, name);
    return open == null ? null : MethodHandles.publicLookup().unreflectGetter(open);
  }

  /** The field of an object as its class or any superclass declares it, opened. */
  private static @Nullable Field openField(Class<?> type, String name) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (field.getName().equals(name)
            && !Modifier.isStatic(field.getModifiers())
            && field.trySetAccessible()) {
          return field;
        }
      }
    }
    return null;
  }
}
