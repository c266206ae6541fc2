package io.github.safeasync.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.CancellationToken;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.net.URL;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.ConnectionBuilder;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every method of every interface, of the JDK that the test runs on, comes to the driver as it was
 * called, and what the driver returns or throws comes back.
 */
class DelegationTest {

  /** What is answered by a wrapper, by design. */
  private static final Set<Class<?>> WRAPPED =
      Set.of(
          Connection.class,
          DatabaseMetaData.class,
          Statement.class,
          PreparedStatement.class,
          CallableStatement.class,
          ResultSet.class,
          ConnectionBuilder.class);

  private static final Set<String> OF_WRAPPERS = Set.of("unwrap", "isWrapperFor");

  private record Call(Object target, Method method, List<Object> arguments) {}

  /** Somebody's driver: remembers what it is called, and answers something of the right type. */
  private static final class Driver implements InvocationHandler {
    final List<Call> calls = new ArrayList<>();
    Throwable failure;

    <T> T make(Class<T> type) {
      return type.cast(
          Proxy.newProxyInstance(
              DelegationTest.class.getClassLoader(), new Class<?>[] {type}, this));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (method.getDeclaringClass() == Object.class) {
        return method.getName().equals("equals")
            ? proxy == arguments[0]
            : method.getName().equals("hashCode") ? (Object) 1 : "the driver's own";
      }
      calls.add(new Call(proxy, method, arguments == null ? List.of() : Arrays.asList(arguments)));
      if (failure != null) {
        throw failure;
      }
      return sample(method.getReturnType());
    }

    Object sample(Class<?> type) {
      if (type == void.class) {
        return null;
      }
      if (type.isArray()) {
        return Array.newInstance(type.getComponentType(), 1);
      }
      if (type.isInterface()) {
        return make(type);
      }
      return samples().get(type);
    }

    private static Map<Class<?>, Object> samples() {
      return Map.ofEntries(
          Map.entry(boolean.class, true),
          Map.entry(byte.class, (byte) 1),
          Map.entry(short.class, (short) 2),
          Map.entry(int.class, 3),
          Map.entry(long.class, 4L),
          Map.entry(float.class, 5f),
          Map.entry(double.class, 6d),
          Map.entry(String.class, "SELECT"),
          Map.entry(Object.class, "an object"),
          Map.entry(Class.class, Runnable.class),
          Map.entry(BigDecimal.class, BigDecimal.TEN),
          Map.entry(java.sql.Date.class, new java.sql.Date(1)),
          Map.entry(java.sql.Time.class, new java.sql.Time(2)),
          Map.entry(java.sql.Timestamp.class, new java.sql.Timestamp(3)),
          Map.entry(java.util.Calendar.class, java.util.Calendar.getInstance()),
          Map.entry(java.util.Properties.class, new java.util.Properties()),
          Map.entry(URL.class, DelegationTest.class.getResource("DelegationTest.class")),
          Map.entry(java.io.InputStream.class, java.io.InputStream.nullInputStream()),
          Map.entry(java.io.OutputStream.class, java.io.OutputStream.nullOutputStream()),
          Map.entry(java.io.Reader.class, java.io.Reader.nullReader()),
          Map.entry(java.io.Writer.class, java.io.Writer.nullWriter()),
          Map.entry(
              java.io.PrintWriter.class, new java.io.PrintWriter(java.io.Writer.nullWriter())),
          Map.entry(java.util.logging.Logger.class, java.util.logging.Logger.getLogger("x")),
          Map.entry(java.sql.SQLWarning.class, new java.sql.SQLWarning()));
    }
  }

  private final Driver driver = new Driver();
  private Supplier<CancellationToken> current = CancellationToken::none;

  private DataSource dataSource() {
    return SafeAsyncDataSource.wrap(
        driver.make(DataSource.class), CancelStatements.ALL, () -> current.get());
  }

  private Object wrapper(Class<?> type) throws SQLException {
    DataSource dataSource = dataSource();
    if (type == DataSource.class) {
      return dataSource;
    }
    if (type == ConnectionBuilder.class) {
      return dataSource.createConnectionBuilder();
    }
    Connection connection = dataSource.getConnection();
    if (type == Connection.class) {
      return connection;
    }
    if (type == DatabaseMetaData.class) {
      return connection.getMetaData();
    }
    if (type == Statement.class) {
      return connection.createStatement();
    }
    if (type == PreparedStatement.class) {
      return connection.prepareStatement("SELECT");
    }
    if (type == CallableStatement.class) {
      return connection.prepareCall("SELECT");
    }
    return connection.createStatement().executeQuery("SELECT");
  }

  static Stream<Class<?>> interfaces() {
    return Stream.of(
        DataSource.class,
        ConnectionBuilder.class,
        Connection.class,
        DatabaseMetaData.class,
        Statement.class,
        PreparedStatement.class,
        CallableStatement.class,
        ResultSet.class);
  }

  private static List<Method> methods(Class<?> type) {
    return Stream.of(type.getMethods())
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .filter(method -> !OF_WRAPPERS.contains(method.getName()))
        .toList();
  }

  private Object[] arguments(Method method) {
    return Stream.of(method.getParameterTypes()).map(driver::sample).toArray();
  }

  private static Object call(Object wrapper, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(wrapper, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyMethod_comesToTheDriver(Class<?> type) throws Throwable {
    everyMethodComesToTheDriver(type);
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyMethod_comesToTheDriver_whileAnExchangeIsCurrent(Class<?> type) throws Throwable {
    FakeToken token = new FakeToken();
    current = () -> token;
    everyMethodComesToTheDriver(type);
  }

  private void everyMethodComesToTheDriver(Class<?> type) throws Throwable {
    assertThat(methods(type)).isNotEmpty();
    for (Method method : methods(type)) {
      Object wrapper = wrapper(type);
      Object[] arguments = arguments(method);
      driver.calls.clear();
      Object answer = call(wrapper, method, arguments);
      if (method.getName().equals("getConnection") && WRAPPED.contains(type)) {
        assertThat(answer).isInstanceOf(BoundConnection.class);
        continue;
      }
      Call last = driver.calls.get(driver.calls.size() - 1);
      assertThat(driver.calls).as(method.toString()).hasSize(1);
      assertThat(last.method().getName()).isEqualTo(method.getName());
      assertThat(last.method().getParameterTypes()).isEqualTo(method.getParameterTypes());
      for (int i = 0; i < arguments.length; i++) {
        if (method.getParameterTypes()[i].isPrimitive()) {
          assertThat(last.arguments().get(i)).isEqualTo(arguments[i]);
        } else {
          assertThat(last.arguments().get(i)).isSameAs(arguments[i]);
        }
      }
      if (WRAPPED.contains(method.getReturnType())) {
        assertThat(method.getReturnType().isInstance(answer)).as(method.toString()).isTrue();
      } else if (method.getReturnType().isInterface()) {
        assertThat(Proxy.getInvocationHandler(answer)).isSameAs(driver);
      } else if (method.getReturnType().isArray()) {
        assertThat(answer).hasSameClassAs(driver.sample(method.getReturnType()));
      } else if (method.getReturnType().isPrimitive() && method.getReturnType() != void.class) {
        assertThat(answer).isEqualTo(driver.sample(method.getReturnType()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyMethod_throwsWhatTheDriverThrows(Class<?> type) throws Throwable {
    for (Method method : methods(type)) {
      if (!List.of(method.getExceptionTypes()).contains(SQLException.class)
          || (method.getName().equals("getConnection") && type == DatabaseMetaData.class)) {
        continue;
      }
      Object wrapper = wrapper(type);
      driver.failure = new SQLException("the driver's");
      assertThatThrownBy(() -> call(wrapper, method, arguments(method)))
          .as(method.toString())
          .isSameAs(driver.failure)
          .hasNoSuppressedExceptions();
      driver.failure = null;
    }
  }

  @Test
  void whatBelongsTogether_isFoundFromEachOther() throws Exception {
    Connection connection = dataSource().getConnection();
    PreparedStatement statement = connection.prepareStatement("SELECT");
    ResultSet rows = statement.executeQuery();

    assertThat(rows.getStatement()).isSameAs(statement);
    assertThat(statement.getConnection()).isSameAs(connection);
    assertThat(connection.getMetaData().getConnection()).isSameAs(connection);
    assertThat(statement.getGeneratedKeys().getStatement()).isSameAs(statement);
    assertThat(connection).isEqualTo(connection).hasSameHashCodeAs(connection);
    assertThat(connection.getMetaData()).hasToString("the driver's own");
    assertThat(statement).hasToString("the driver's own");
  }

  @Test
  void sameRows_areTheSameObject() throws Exception {
    ResultSet rows = driver.make(ResultSet.class);
    BoundStatement<Statement> statement =
        new BoundStatement<>(
            driver.make(Statement.class), (BoundConnection) dataSource().getConnection());

    assertThat(statement.bound(rows)).isSameAs(statement.bound(rows));
  }

  @Test
  void whatIsWrapped_isReached() throws Exception {
    DataSource inside = driver.make(DataSource.class);
    DataSource dataSource = SafeAsyncDataSource.wrap(inside);

    assertThat(dataSource.unwrap(inside.getClass())).isSameAs(inside);
    assertThat(dataSource.isWrapperFor(inside.getClass())).isTrue();
    assertThat(dataSource.unwrap(SafeAsyncDataSource.class)).isSameAs(dataSource);
    assertThat(SafeAsyncDataSource.wrap(dataSource)).isSameAs(dataSource);
    assertThat(driver.calls).isEmpty();
    assertThat(dataSource.isWrapperFor(Runnable.class)).as("the driver's answer").isTrue();
    assertThat(dataSource).asString().contains("the driver's own");
  }

  /** As behind one that routes to others, each of which is wrapped. */
  @Test
  void connection_thatIsWrapped_isNotWrappedAgain() throws Exception {
    Connection connection = dataSource().getConnection();
    DataSource routing =
        (DataSource)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> connection);

    assertThat(SafeAsyncDataSource.wrap(routing).getConnection()).isSameAs(connection);
  }

  @Test
  void close_closesWhatIsWrapped_ifItCanBe() throws Exception {
    class Pool implements AutoCloseable, InvocationHandler {
      boolean closed;

      @Override
      public Object invoke(Object proxy, Method method, Object[] arguments) {
        close();
        return null;
      }

      @Override
      public void close() {
        closed = true;
      }
    }
    Pool pool = new Pool();
    DataSource closeable =
        (DataSource)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataSource.class, AutoCloseable.class},
                pool);

    dataSource().unwrap(SafeAsyncDataSource.class).close();
    ((AutoCloseable) SafeAsyncDataSource.wrap(closeable)).close();

    assertThat(pool.closed).isTrue();
  }
}
