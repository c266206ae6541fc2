package io.github.safeasync.doctor;

import io.github.safeasync.SafeAsyncResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the requests of the doctor, which abandons them through the proxies in front of this
 * server, and tells it what has reached the server:
 *
 * <pre>{@code
 * java -jar safe-async-0.1.0-SNAPSHOT-doctor.jar https://www.example.org/doctor
 * }</pre>
 *
 * <p>Map it, with {@code async-supported}, to a path behind {@link
 * io.github.safeasync.SafeAsyncFilter}, for as long as it is needed or where operators alone get.
 * It needs no secret and does no harm: it answers those alone who send a header that a page of
 * another site cannot, holds 16 requests at most, for a minute at most, and sends a few kilobytes
 * of spaces to each.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class DoctorServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  /** A page of another site cannot send it without asking first, and is told nothing. */
  private static final String HEADER = "Safe-Async-Doctor";

  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");

  private transient @Nullable Checks checks;

  /** Makes a servlet, for a container. */
  public DoctorServlet() {}

  @Override
  public void init() {
    checks = new Checks();
  }

  @Override
  public void destroy() {
    Checks ending = checks;
    if (ending != null) {
      ending.close();
    }
  }

  /** Holds a request, or tells what became of one. */
  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String held = request.getParameter("hold");
    String asked = request.getParameter("seen");
    if (request.getHeader(HEADER) == null) {
      answer(response, 200, "The doctor of safe-async: java -jar …-doctor.jar this-address\n");
    } else if (held != null) {
      hold(request, response, held);
    } else if (asked != null) {
      tell(response, checks().find(asked));
    } else {
      answer(response, 200, "state: READY\nserver: " + checks().server() + "\n");
    }
  }

  /** Writes to a held request, or lets it go. */
  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getHeader(HEADER) == null) {
      answer(response, 403, "problem: the header " + HEADER + " is missing\n");
      return;
    }
    Check written = checks().find(request.getParameter("write"));
    Check released = checks().find(request.getParameter("release"));
    if (written != null) {
      written.write();
    }
    if (released != null) {
      released.release();
    }
    tell(response, written == null ? released : written);
  }

  private void hold(HttpServletRequest request, HttpServletResponse raw, String id)
      throws IOException {
    if (!ID.matcher(id).matches()) {
      answer(raw, 400, "problem: hold must be 32 hexadecimal digits\n");
      return;
    }
    SafeAsyncResponse response;
    try {
      response = SafeAsyncResponse.of(request);
    } catch (IllegalStateException e) {
      answer(raw, 500, "problem: " + e.getMessage() + "\n");
      return;
    }
    response.contentType("text/plain;charset=utf-8").header("Cache-Control", "no-store");
    response.header(HEADER, "1");
    String problem = checks().add(id, response);
    if (problem != null) {
      response.status(409).finish("problem: " + problem + "\n");
    }
  }

  private void tell(HttpServletResponse response, @Nullable Check check) throws IOException {
    String state = check == null ? "state: UNKNOWN\n" : check.toString();
    answer(response, 200, state + "server: " + checks().server() + "\n");
  }

  private static void answer(HttpServletResponse response, int status, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentType("text/plain;charset=utf-8");
    response.setHeader("Cache-Control", "no-store");
    response.setHeader(HEADER, "1");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  private Checks checks() {
    Checks made = checks;
    if (made == null) {
      throw new IllegalStateException("The servlet has not been initialised");
    }
    return made;
  }
}
