package io.github.safeasync.demo;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that knows one query, {@code select pg_sleep(SECONDS)}, and can be told to stop it.
 */
final class StubDatabase {

  private static final Pattern QUERY = Pattern.compile("select pg_sleep\\(([0-9.]+)\\)");

  private StubDatabase() {}

  static DataSource open() {
    return stub(
        DataSource.class,
        (proxy, method, arguments) ->
            "getConnection".equals(method.getName())
                ? connection()
                : other(proxy, method.getName(), method.getReturnType(), arguments));
  }

  private static Connection connection() {
    return stub(
        Connection.class,
        (proxy, method, arguments) ->
            "createStatement".equals(method.getName())
                ? statement((Connection) proxy)
                : other(proxy, method.getName(), method.getReturnType(), arguments));
  }

  private static Statement statement(Connection connection) {
    CountDownLatch cancelled = new CountDownLatch(1);
    return stub(
        Statement.class,
        (proxy, method, arguments) -> {
          switch (method.getName()) {
            case "execute":
              execute(String.valueOf(arguments[0]), cancelled);
              return true;
            case "cancel":
              cancelled.countDown();
              return null;
            case "getConnection":
              return connection;
            default:
              return other(proxy, method.getName(), method.getReturnType(), arguments);
          }
        });
  }

  /** Deaf to interrupts, as drivers are. */
  private static void execute(String sql, CountDownLatch cancelled) throws SQLException {
    Matcher query = QUERY.matcher(sql);
    if (!query.matches()) {
      throw new SQLException("syntax error: " + sql, "42601");
    }
    long until = System.nanoTime() + (long) (Double.parseDouble(query.group(1)) * 1e9);
    boolean interrupted = false;
    try {
      for (long left = 1; left > 0; ) {
        left = until - System.nanoTime();
        try {
          if (cancelled.await(left, TimeUnit.NANOSECONDS)) {
            throw new SQLException("canceling statement due to user request", "57014");
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static @Nullable Object other(
      Object proxy, String name, Class<?> type, Object @Nullable [] arguments) {
    return switch (name) {
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> arguments != null && proxy == arguments[0];
      case "toString" -> "the stub of a database";
      default -> type == boolean.class ? (Object) false : type == int.class ? (Object) 0 : null;
    };
  }

  private static <T> T stub(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            StubDatabase.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
