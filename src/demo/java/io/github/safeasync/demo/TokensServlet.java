package io.github.safeasync.demo;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.http.SafeAsyncHttpClient;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.stream.Stream;

/**
 * {@code GET /tokens?id=...}: asks the model and passes on what it says, as many applications do:
 * on the container's thread, line by line, to a PrintWriter, which never says that its client has
 * gone. With {@code client=plain} its HTTP client is the JDK's as it is, otherwise the same,
 * wrapped.
 */
public final class TokensServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = System.getLogger(TokensServlet.class.getName());

  private final transient HttpClient plain = HttpClient.newHttpClient();
  private final transient HttpClient wrapped = SafeAsyncHttpClient.around(plain);

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String id = Tags.of(request);
    if (id == null) {
      response.sendError(400, Tags.ALLOWED + ", such as /tokens?id=1");
      return;
    }
    boolean asItIs = "plain".equals(request.getParameter("client"));
    HttpClient client = asItIs ? plain : wrapped;
    Row row =
        Board.of(getServletContext())
            .open(request, asItIs ? "plain-tokens" : "tokens", ModelServlet.TIME);
    CancellationToken.current().end().thenAccept(row::ended);
    response.setContentType("text/event-stream;charset=utf-8");
    PrintWriter out = response.getWriter();
    try (Stream<String> lines = client.send(question(request, id), BodyHandlers.ofLines()).body()) {
      lines.forEach(
          line -> {
            out.println(line);
            out.flush();
          });
    } catch (IOException | UncheckedIOException e) {
      LOGGER.log(Level.INFO, "{0} the model was told to stop: {1}", row.name(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static HttpRequest question(HttpServletRequest request, String id) {
    String address = request.getLocalAddr();
    String host = address.contains(":") ? "[" + address + "]" : address;
    String path = request.getContextPath() + "/model/v1/chat/completions";
    return HttpRequest.newBuilder(
            URI.create("http://" + host + ":" + request.getLocalPort() + path))
        .header("Content-Type", "application/json")
        .header("X-Request-Id", id)
        .POST(BodyPublishers.ofString("{\"stream\":true}"))
        .build();
  }
}
