/**
 * Queries that go with their client: {@link io.github.safeasync.jdbc.SafeAsyncDataSource} wraps a
 * {@code javax.sql.DataSource}, and nothing else in the application is changed:
 *
 * <pre>{@code
 * DataSource dataSource = SafeAsyncDataSource.wrap(new HikariDataSource(config));
 *
 * protected void doGet(HttpServletRequest request, HttpServletResponse response) {
 *   try (Connection connection = dataSource.getConnection();
 *       PreparedStatement report = connection.prepareStatement("SELECT ...");
 *       ResultSet rows = report.executeQuery()) {   // an SQLException when the client hangs up
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>The {@link io.github.safeasync.SafeAsyncFilter} has to be mapped to the requests, and a thread
 * of the application's own to be {@linkplain io.github.safeasync.SafeAsyncResponse#guard(Runnable)
 * guarded}, so that it is known for whom it works. Needs the module {@code java.sql}, and nothing
 * of a driver or a pool.
 */
@NullMarked
package io.github.safeasync.jdbc;

import org.jspecify.annotations.NullMarked;
