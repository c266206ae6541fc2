package io.github.safeasync.demo;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * {@code GET /query[?seconds=8]}: a blocking servlet that asks a database, as servlets have done
 * for ever. That its data source is wrapped is all that it does for its query to end with its
 * client.
 */
public final class QueryServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  private final transient DataSource database = SafeAsyncDataSource.wrap(StubDatabase.open());

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Duration length = Seconds.of(request.getParameter("seconds"), 0, 60, 8);
    if (length == null) {
      response.sendError(400, "seconds must be a number from 0 to 60, such as /query?seconds=8");
      return;
    }
    Row row = Board.of(getServletContext()).open(request, "query", length);
    CancellationToken.current().end().thenAccept(row::ended);
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("select pg_sleep(" + length.toMillis() / 1000.0 + ")");
      row.say("the query ran to its end");
      response.setContentType("text/plain;charset=utf-8");
      response.getWriter().println("1 row");
    } catch (SQLException e) {
      row.stopped("Statement.cancel() ended the query, SQLState " + e.getSQLState());
    }
  }
}
