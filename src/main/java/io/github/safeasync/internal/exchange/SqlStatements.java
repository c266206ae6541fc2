package io.github.safeasync.internal.exchange;

import java.sql.Statement;
import java.sql.Wrapper;

/**
 * The one class that names {@code java.sql}, a module that an application may lack: it is touched
 * only where that is present.
 */
final class SqlStatements {

  private static final boolean PRESENT = isPresent();

  private SqlStatements() {}

  private static boolean isPresent() {
    try {
      Class.forName("java.sql.Statement", false, SqlStatements.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /** Returns what cancels a resource: closing it, or a statement's own cancel. */
  static AutoCloseable cancelOf(AutoCloseable resource) {
    return PRESENT ? Sql.cancelOf(resource) : resource;
  }

  /** Whether a resource belongs to a database. */
  static boolean isOfJdbc(AutoCloseable resource) {
    return PRESENT && Sql.isOfJdbc(resource);
  }

  /** Loaded at its first use. */
  private static final class Sql {

    static AutoCloseable cancelOf(AutoCloseable resource) {
      return resource instanceof Statement statement ? statement::cancel : resource;
    }

    static boolean isOfJdbc(AutoCloseable resource) {
      return resource instanceof Wrapper;
    }
  }
}
