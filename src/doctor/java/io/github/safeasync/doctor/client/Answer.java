package io.github.safeasync.doctor.client;

import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the servlet has answered: lines of a name, a colon and a value. */
final class Answer {

  /** Of requests and answers: this is between the doctor and its servlet. */
  static final String HEADER = "Safe-Async-Doctor";

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\n]]");

  private final int status;
  private final boolean isOfServlet;
  private final String location;
  private final String sentBy;
  private final String body;
  private final Map<String, String> values = new HashMap<>();

  private Answer(int status, boolean isOfServlet, String location, String sentBy, String body) {
    this.status = status;
    this.isOfServlet = isOfServlet;
    this.location = location;
    this.sentBy = sentBy;
    this.body = CONTROL.matcher(body).replaceAll("");
    this.body
        .lines()
        .filter(line -> line.contains(": "))
        .forEach(line -> values.put(line.split(": ")[0], line.split(": ", 2)[1]));
  }

  static Answer of(HttpResponse<String> response) {
    String server = response.headers().firstValue("Server").orElse("");
    String via = response.headers().firstValue("Via").orElse("");
    return new Answer(
        response.statusCode(),
        response.headers().firstValue(HEADER).isPresent(),
        response.headers().firstValue("Location").orElse(""),
        CONTROL.matcher((server + " " + via).strip()).replaceAll(""),
        response.body());
  }

  boolean is(String state) {
    return isOfServlet && state.equals(values.get("state"));
  }

  Optional<String> value(String name) {
    return Optional.ofNullable(values.get(name));
  }

  long number(String name) {
    return Long.parseLong(values.getOrDefault(name, "0"));
  }

  String sentBy() {
    return sentBy;
  }

  /** What is wrong with it, and what to do; empty if nothing is. */
  String problem() {
    if (isOfServlet && status == 200) {
      return values.containsKey("state") ? "" : "A header was lost on the way: " + HEADER + ".";
    }
    if (isOfServlet) {
      return value("problem").orElse("The servlet answers " + status + ".");
    }
    return switch (status) {
      case 200 -> "Something answers there (200), but no DoctorServlet. " + mapIt();
      case 301, 302, 303, 307, 308 -> "That address sends to another one: give " + location + ".";
      case 401, 403 ->
          "That address is guarded ("
              + status
              + "): give what it asks for,"
              + " such as --header 'Authorization: Basic …'.";
      case 404 -> "There is nothing at that address (404). " + mapIt();
      case 502, 503, 504 ->
          "The proxy does not reach the server ("
              + status
              + "): see that it runs, and in the"
              + " proxy's log.";
      default -> "That address answers " + status + ": " + body.lines().findFirst().orElse("");
    };
  }

  private static String mapIt() {
    return "Map io.github.safeasync.doctor.DoctorServlet, with async-supported, behind"
        + " SafeAsyncFilter, and give its whole URL:\n"
        + """
            <servlet>
              <servlet-name>doctor</servlet-name>
              <servlet-class>io.github.safeasync.doctor.DoctorServlet</servlet-class>
              <async-supported>true</async-supported>
            </servlet>
            <servlet-mapping>
              <servlet-name>doctor</servlet-name>
              <url-pattern>/doctor</url-pattern>
            </servlet-mapping>""";
  }

  @Override
  public String toString() {
    return status + " " + body.lines().findFirst().orElse("");
  }
}
