package io.github.safeasync.compatibility;

import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A piece of an application, what a client asks of it, and what both have seen. Everything is below
 * the path of the scenario's name.
 */
final class Scenario {

  /** Where a container sends less than it has announced and keeps the connection. */
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(4);

  /** Lines of stack traces, and objects' identities, in a container's error pages. */
  private static final Pattern PASSING =
      Pattern.compile(
          "(?m)^\\s*((at )?[\\w.$/@]+\\([\\w ]+(\\.java:\\d+)?\\)|\\.\\.\\. \\d+ (more|common).*)\\R?"
              + "|(?<=Servlet)[-@][0-9a-f]+");

  /** A client's part. */
  interface Script {
    void play(RawClient client) throws IOException;
  }

  private final String name;
  private final List<Consumer<TestApplication>> outside = new ArrayList<>();
  private final List<Consumer<TestApplication>> behind = new ArrayList<>();
  private final List<Script> scripts = new ArrayList<>();
  private final List<String> application = new CopyOnWriteArrayList<>();
  private final List<String> elsewhere = new CopyOnWriteArrayList<>();
  private final List<String> client = new ArrayList<>();
  private boolean closing;

  /**
   * How many servlets are running and how many listeners are still to be told: either may go on
   * after the client has its response.
   */
  private final AtomicInteger unfinished = new AtomicInteger();

  Scenario(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  String path(String suffix) {
    return "/" + name + suffix;
  }

  /** Serves the scenario's own path. */
  Scenario serves(Handler handler) {
    return serves("", handler);
  }

  /** Serves a path below the scenario's. */
  Scenario serves(String suffix, Handler handler) {
    Handler counted =
        (in, out) -> {
          begins();
          try {
            handler.handle(in, out);
          } finally {
            ends();
          }
        };
    return deploys(app -> app.handler(path(suffix), counted));
  }

  Scenario deploys(Consumer<TestApplication> more) {
    behind.add(more);
    return this;
  }

  /** Puts a filter between the library's and the servlet. */
  Scenario filtersInside(Filter filter, DispatcherType... types) {
    return deploys(app -> filter(app, "inside ", filter, types));
  }

  /** Puts a filter before the library's. */
  Scenario filtersOutside(Filter filter, DispatcherType... types) {
    outside.add(app -> filter(app, "outside ", filter, types));
    return this;
  }

  private void filter(TestApplication app, String where, Filter filter, DispatcherType... types) {
    EnumSet<DispatcherType> all = EnumSet.noneOf(DispatcherType.class);
    all.addAll(List.of(types));
    app.filter(where + name, filter, Map.of(), true, all, path("/*"), path(""));
  }

  /** The client's next step waits until as much has ended as has begun. */
  void begins() {
    unfinished.incrementAndGet();
  }

  void ends() {
    unfinished.decrementAndGet();
  }

  /** Notes what the application sees. */
  void note(Object seen) {
    application.add(String.valueOf(seen));
  }

  /** Notes the type of what a call throws, or its answer. */
  void note(String what, Answer answer) {
    note(told(what, answer));
  }

  /** As {@link #note}, by a thread whose steps have no order among the others. */
  void noteElsewhere(String what, Answer answer) {
    elsewhere.add(told(what, answer));
  }

  private static String told(String what, Answer answer) {
    String seen;
    try {
      seen = String.valueOf(answer.get());
    } catch (Exception e) {
      seen = e.getClass().getName();
    }
    return what + ": " + seen;
  }

  /** A call whose answer is noted. */
  interface Answer {
    Object get() throws Exception;
  }

  /** Sends a GET and reads the response. */
  Scenario gets(String suffix) {
    return asks("GET " + path(suffix) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  Scenario posts(String suffix, String type, String body) {
    return asks(
        "POST "
            + path(suffix)
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  /** Sends a request as it is and reads the response. */
  Scenario asks(String request) {
    return plays(
        client -> {
          client.send(request);
          hears(client.readResponse());
        });
  }

  /** Sends a request as it is and notes all bytes up to the server's close. */
  Scenario asksRaw(String request) {
    return plays(
        client -> {
          client.send(request);
          heard(
              client
                  .readUntilClose()
                  .replaceAll("Date: .*\r\n", "")
                  .replaceAll("(?i)\r\n[0-9a-f]+\r\n", "\r\nCHUNK\r\n"));
        });
  }

  Scenario plays(Script script) {
    scripts.add(script);
    return this;
  }

  void heard(String what) {
    client.add(what);
  }

  /** Notes a response but for what differs by itself. */
  void hears(RawResponse response) {
    closing = response.header("Connection").filter("close"::equalsIgnoreCase).isPresent();
    String body = response.body();
    String plain = PASSING.matcher(body).replaceAll("");
    StringBuilder text = new StringBuilder();
    text.append(response.status());
    response
        .headers()
        .forEach(
            (header, values) -> {
              boolean differs =
                  header.equalsIgnoreCase("Date")
                      || (header.equalsIgnoreCase("Content-Length") && !plain.equals(body));
              if (!differs) {
                text.append("\n  ").append(header).append(": ").append(values);
              }
            });
    text.append("\n  ").append(response.end()).append('\n').append(shortened(plain));
    heard(text.toString());
  }

  private static String shortened(String body) {
    return body.length() < 3000 ? body : body.length() + " characters of hash " + body.hashCode();
  }

  void deployOutside(TestApplication app) {
    outside.forEach(each -> each.accept(app));
  }

  void deployInside(TestApplication app) {
    behind.forEach(each -> each.accept(app));
  }

  /** Plays the client's part, on a connection for each script that needs a new one. */
  Scenario play(TestServer server) throws IOException {
    RawClient connection = RawClient.connect(server).readTimeout(READ_TIMEOUT);
    try {
      for (Script script : scripts) {
        try {
          closing = false;
          script.play(connection);
          await()
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(2))
              .until(() -> unfinished.get() == 0);
          if (closing) {
            connection.close();
            connection = RawClient.connect(server).readTimeout(READ_TIMEOUT);
          }
        } catch (SocketTimeoutException e) {
          heard("nothing came");
          connection.close();
          connection = RawClient.connect(server).readTimeout(READ_TIMEOUT);
        } catch (EOFException | SocketException e) {
          heard("closed");
          connection.close();
          connection = RawClient.connect(server).readTimeout(READ_TIMEOUT);
        }
      }
      return this;
    } finally {
      connection.close();
    }
  }

  /** What both have seen, without what differs from run to run. */
  String seen(TestServer server) {
    String all =
        "The client has seen:\n"
            + String.join("\n", client)
            + "\nThe application has seen:\n"
            + String.join("\n", application)
            + "\nIts other threads have seen:\n"
            + String.join("\n", elsewhere);
    return all.replace(":" + server.port(), ":PORT")
        .replaceAll("(?i)(JSESSIONID=)[^;\\]\\s\"<]+", "$1ID")
        .replaceAll("Expires=[^;]+", "Expires=DATE");
  }
}
