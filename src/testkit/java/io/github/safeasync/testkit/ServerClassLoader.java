package io.github.safeasync.testkit;

/**
 * The class path of the tests without the library and its tests: the parent of a WAR's class
 * loader, so that the WAR has to bring the library itself, as it has to on a real server.
 */
final class ServerClassLoader extends ClassLoader {
  private static final String LIBRARY = "io.github.safeasync.";

  ServerClassLoader() {
    super(ServerClassLoader.class.getClassLoader());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (name.startsWith(LIBRARY)) {
      throw new ClassNotFoundException(name + " is not part of the server");
    }
    return super.loadClass(name, resolve);
  }
}
