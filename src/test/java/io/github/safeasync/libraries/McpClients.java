package io.github.safeasync.libraries;

import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What a client of the Model Context Protocol sends, written by hand. */
final class McpClients {

  private static final String VERSION = "2025-06-18";
  private static final String INITIALIZE =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\""
          + VERSION
          + "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}";
  private static final String INITIALIZED =
      "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
  private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}";
  private static final String CALL =
      "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\","
          + "\"params\":{\"name\":\"wait\",\"arguments\":{}}}";

  private McpClients() {}

  /** Begins a session of HTTP with SSE, and answers where its messages go. */
  static String openSse(Deployment server, RawClient stream) throws IOException {
    stream.get("/sse");
    String address = nextData(stream);
    // The SDK writes its answer beside the servlet that still flushes the address, which breaks
    // Undertow's response, with the filter and without.
    server.awaitServletsOut();
    say(server, address, null, INITIALIZE);
    nextData(stream);
    server.awaitServletsOut();
    say(server, address, null, INITIALIZED);
    return address;
  }

  /** Reads up to the next event's data. */
  static String nextData(RawClient client) throws IOException {
    String line = client.readLine();
    while (!line.startsWith("data:")) {
      line = client.readLine();
    }
    return line.substring("data:".length()).strip();
  }

  /** Asks for life at the address of a session; 404 if there is none. */
  static int ping(Deployment server, String path) throws IOException {
    return say(server, path, null, PING).status();
  }

  /** Begins a session of streamable HTTP, and answers its id. */
  static String beginSession(Deployment server) throws IOException {
    RawResponse response = say(server, "/mcp", null, INITIALIZE);
    String session = response.header("Mcp-Session-Id").orElseThrow();
    say(server, "/mcp", session, INITIALIZED);
    return session;
  }

  /** Opens the stream of a session on which the server speaks of itself. */
  static RawClient listen(Deployment server, String session) throws IOException {
    return server
        .connect()
        .send(
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: "
                + session
                + "\r\n\r\n");
  }

  /** Calls the tool {@code wait}, whose answer is a stream. */
  static RawClient call(Deployment server, String session) throws IOException {
    return post(server.connect(), "/mcp", session, CALL);
  }

  private static RawResponse say(Deployment server, String path, String session, String message)
      throws IOException {
    try (RawClient client = server.connect()) {
      return post(client, path, session, message).readResponse();
    }
  }

  private static RawClient post(RawClient client, String path, String session, String message)
      throws IOException {
    byte[] body = message.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Accept: application/json, text/event-stream\r\n"
            + (session == null ? "" : "Mcp-Session-Id: " + session + "\r\n")
            + "Content-Length: "
            + body.length
            + "\r\n\r\n";
    return client.send(head).send(body);
  }
}
