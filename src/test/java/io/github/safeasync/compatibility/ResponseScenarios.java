package io.github.safeasync.compatibility;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an application does with a response. */
final class ResponseScenarios {

  private ResponseScenarios() {}

  static List<Scenario> all() {
    return List.of(
        head(),
        headers(),
        types(),
        redirects(),
        errors(),
        errorPages(),
        exceptions(),
        buffer(),
        lengths(),
        streams(),
        writer(),
        large(),
        nonBlockingWrite(),
        trailers(),
        upgrade());
  }

  private static Scenario head() {
    Scenario it = new Scenario("head");
    return it.serves(
            (in, out) -> {
              out.setContentType("text/plain");
              out.getWriter().write("of a GET");
            })
        .deploys(app -> app.servlet("/head/inherited", new Inherited()))
        .plays(client -> it.hears(head(client, "/head")))
        .plays(client -> it.hears(head(client, "/head/inherited")))
        .asks("OPTIONS /head/inherited HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .asks("PUT /head/inherited HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  }

  private static io.github.safeasync.testkit.RawResponse head(
      io.github.safeasync.testkit.RawClient client, String path) throws IOException {
    return client.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").readHead();
  }

  /** HttpServlet's own HEAD and OPTIONS. */
  private static final class Inherited extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getOutputStream().print("inherited");
    }
  }

  private static Scenario headers() {
    Scenario it = new Scenario("headers");
    return it.serves(
            (in, out) -> {
              out.setStatus(202);
              out.setHeader("A", "1");
              out.addHeader("A", "2");
              out.setIntHeader("I", 3);
              out.addIntHeader("I", 4);
              out.setDateHeader("D", 0);
              out.addDateHeader("D", 1000);
              out.setHeader("Gone", "x");
              out.setHeader("Gone", null);
              it.note(out.getStatus() + " " + out.getHeader("A") + out.getHeaders("I"));
              it.note(out.containsHeader("D") + " " + out.containsHeader("Gone"));
              it.note(out.getHeaderNames().stream().sorted().toList());
              it.note("none", () -> out.getHeader("none"));
              out.getWriter().write("x");
              out.flushBuffer();
              out.setHeader("Late", "x");
              out.setStatus(500);
              it.note(out.getStatus() + " " + out.containsHeader("Late"));
            })
        .gets("");
  }

  private static Scenario types() {
    Scenario it = new Scenario("types");
    return it.serves(
            "/writer",
            (in, out) -> {
              it.note(out.getCharacterEncoding() + out.getContentType() + out.getLocale());
              out.setContentType("text/html;charset=ISO-8859-1");
              out.setLocale(Locale.GERMANY);
              it.note(out.getCharacterEncoding() + out.getContentType() + out.getLocale());
              out.getWriter().write("\u00e4");
              out.setCharacterEncoding("UTF-8");
              it.note(out.getCharacterEncoding() + out.getContentType());
            })
        .serves(
            "/utf8",
            (in, out) -> {
              out.setCharacterEncoding("UTF-8");
              out.setContentType("text/plain");
              out.getWriter().write("\u00e4\u20ac\ud83d\ude00");
            })
        .serves("/default", (in, out) -> out.getWriter().write("plain"))
        .gets("/writer")
        .gets("/utf8")
        .gets("/default");
  }

  private static Scenario redirects() {
    Scenario it = new Scenario("redirects");
    return it.serves(
            (in, out) -> {
              out.getWriter().write("dropped");
              out.sendRedirect(in.getParameter("to"));
              it.note(out.isCommitted() + " " + out.getStatus());
              it.note("again", () -> redirect(out));
            })
        .gets("?to=elsewhere")
        .gets("?to=/root")
        .gets("?to=http://example.com/x");
  }

  private static Object redirect(HttpServletResponse out) throws IOException {
    out.sendRedirect("/again");
    return "redirected";
  }

  private static Scenario errors() {
    Scenario it = new Scenario("errors");
    return it.serves(
            (in, out) -> {
              out.setHeader("Kept", "x");
              out.getWriter().write("dropped");
              out.sendError(Integer.parseInt(in.getParameter("status")), "because");
              it.note(out.isCommitted() + " " + out.getStatus());
              it.note("write", () -> out.getWriter().append("late").checkError());
              it.note("again", () -> error(out));
            })
        .serves(
            "/late",
            (in, out) -> {
              out.flushBuffer();
              it.note("committed", () -> error(out));
            })
        .serves(
            "/status",
            (in, out) -> {
              out.setStatus(404);
              out.getWriter().write("own page");
            })
        .gets("?status=404")
        .gets("?status=410")
        .gets("?status=500")
        .gets("/late")
        .gets("/status");
  }

  private static Object error(HttpServletResponse out) throws IOException {
    out.sendError(418);
    return "sent";
  }

  private static Scenario errorPages() {
    Scenario it = new Scenario("error-pages");
    return it.deploys(
            app ->
                app.errorPage(409, "/error-pages/page")
                    .errorPage(ArithmeticException.class, "/error-pages/page")
                    .errorPage(444, "/error-pages/failing"))
        .serves("/status", (in, out) -> out.sendError(409, "conflict"))
        .serves(
            "/exception",
            (in, out) -> {
              out.getWriter().write("dropped " + 1 / (in.getContentLength() + 1));
            })
        .serves("/twice", (in, out) -> out.sendError(444))
        .serves(
            "/failing",
            (in, out) -> {
              throw new IllegalStateException("the page fails");
            })
        .serves(
            "/page",
            (in, out) -> {
              RequestScenarios.describe(it, in);
              it.note(RequestScenarios.own(in));
              it.note(in.getAttribute("jakarta.servlet.error.status_code"));
              it.note(in.getAttribute("jakarta.servlet.error.message"));
              it.note(in.getAttribute("jakarta.servlet.error.exception"));
              it.note(in.getAttribute("jakarta.servlet.error.request_uri"));
              it.note(out.getStatus());
              out.getWriter().write("the page");
            })
        .gets("/status")
        .gets("/exception")
        .gets("/twice");
  }

  private static Scenario exceptions() {
    Scenario it = new Scenario("exceptions");
    return it.serves(
            (in, out) -> {
              if (in.getParameter("committed") != null) {
                out.getWriter().write("a part");
                out.flushBuffer();
              }
              switch (in.getParameter("of")) {
                case "io" -> throw new IOException("io");
                case "servlet" ->
                    throw new jakarta.servlet.ServletException("outer", new IOException("inner"));
                case "unavailable" -> throw new jakarta.servlet.UnavailableException("away", 1);
                case "error" -> throw new AssertionError("error");
                default -> throw new IllegalArgumentException("runtime");
              }
            })
        .gets("?of=io")
        .gets("?of=servlet")
        .gets("?of=error")
        .gets("?of=runtime")
        .gets("?of=runtime&committed=1");
  }

  private static Scenario buffer() {
    Scenario it = new Scenario("buffer");
    return it.serves(
            (in, out) -> {
              out.setBufferSize(100_000);
              it.note(out.getBufferSize() >= 100_000);
              out.setHeader("Reset", "x");
              out.getWriter().write("dropped");
              out.reset();
              it.note(out.containsHeader("Reset"));
              out.getWriter().write("dropped, too");
              out.resetBuffer();
              it.note("resize", () -> size(out));
              out.getWriter().write("kept");
              it.note(out.isCommitted());
              out.flushBuffer();
              it.note(out.isCommitted());
              it.note("reset", () -> reset(out));
              it.note("resize", () -> size(out));
              out.getWriter().write(" and more");
            })
        .gets("");
  }

  private static Object size(HttpServletResponse out) {
    out.setBufferSize(10);
    return "set";
  }

  private static Object reset(HttpServletResponse out) {
    out.reset();
    return "reset";
  }

  private static Scenario lengths() {
    Scenario it = new Scenario("lengths");
    return it.serves(
            (in, out) -> {
              out.setContentLengthLong(Integer.parseInt(in.getParameter("announced")));
              int written = Integer.parseInt(in.getParameter("written"));
              it.note("write", () -> write(out, written));
              it.note("committed", out::isCommitted);
            })
        .serves("/empty", (in, out) -> out.setStatus(204))
        .serves("/nothing", (in, out) -> {})
        .gets("?announced=5&written=5")
        .gets("?announced=0&written=0")
        .gets("/empty")
        .gets("/nothing")
        .gets("?announced=5&written=9")
        .gets("?announced=9&written=5");
  }

  private static Object write(HttpServletResponse out, int length) throws IOException {
    out.getOutputStream().write(new byte[length]);
    return "written";
  }

  private static Scenario streams() {
    Scenario it = new Scenario("streams");
    return it.serves(
            (in, out) -> {
              ServletOutputStream stream = out.getOutputStream();
              it.note("same", () -> stream == out.getOutputStream());
              it.note("writer", out::getWriter);
              stream.print("text ");
              stream.println(1);
              stream.print(true);
              stream.write("abc".getBytes(StandardCharsets.US_ASCII), 1, 1);
              stream.flush();
              stream.close();
              it.note("closed", () -> write(out, 1));
              stream.close();
              it.note(out.isCommitted());
            })
        .gets("");
  }

  private static Scenario writer() {
    Scenario it = new Scenario("writer");
    return it.serves(
            (in, out) -> {
              PrintWriter writer = out.getWriter();
              it.note("same", () -> writer == out.getWriter());
              it.note("stream", out::getOutputStream);
              writer.printf("%d-%s%n", 1, "a");
              writer.append('c').append("sub", 0, 2).println(1.5);
              writer.write(new char[] {'x', 'y'}, 0, 1);
              it.note(writer.checkError());
              writer.close();
              writer.write("late");
              it.note(writer.checkError());
            })
        .gets("");
  }

  private static Scenario large() {
    Scenario it = new Scenario("large");
    return it.serves(
            (in, out) -> {
              if (in.getParameter("by").equals("writer")) {
                for (int i = 0; i < 20_000; i++) {
                  out.getWriter().println("line " + i);
                }
              } else {
                for (int i = 0; i < 100; i++) {
                  out.getOutputStream().write(new byte[10_000]);
                }
              }
            })
        .gets("?by=writer")
        .gets("?by=stream");
  }

  private static Scenario nonBlockingWrite() {
    Scenario it = new Scenario("non-blocking-write");
    return it.serves(
            (in, out) -> {
              var context = in.startAsync();
              ServletOutputStream stream = out.getOutputStream();
              stream.setWriteListener(
                  new WriteListener() {
                    private int left = 200;

                    @Override
                    public void onWritePossible() throws IOException {
                      while (stream.isReady()) {
                        if (left == 0) {
                          it.note("written");
                          context.complete();
                          return;
                        }
                        left--;
                        stream.write(new byte[10_000]);
                      }
                    }

                    @Override
                    public void onError(Throwable failure) {
                      it.note(failure);
                    }
                  });
            })
        .gets("")
        .gets("");
  }

  private static Scenario trailers() {
    Scenario it = new Scenario("trailers");
    return it.serves(
            (in, out) -> {
              out.setHeader("Trailer", "sum");
              out.setTrailerFields(() -> Map.of("sum", "17"));
              it.note(out.getTrailerFields() != null);
              out.getWriter().write("body");
              out.flushBuffer();
              it.note("late", () -> trailers(out));
            })
        .asksRaw(
            "GET /trailers HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nConnection: close\r\n\r\n");
  }

  private static Object trailers(HttpServletResponse out) {
    out.setTrailerFields(Map::of);
    return "set";
  }

  private static Scenario upgrade() {
    Scenario it = new Scenario("upgrade");
    return it.serves(
            (in, out) -> {
              out.setHeader("Upgrade", "shout");
              out.setHeader("Connection", "Upgrade");
              it.note("upgraded", () -> in.upgrade(Shouting.class) != null);
            })
        .plays(
            client -> {
              client.send(
                  "GET /upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                      + "Upgrade: shout\r\n\r\n");
              String status = client.readLine();
              it.heard(status);
              for (String line = client.readLine(); !line.isEmpty(); line = client.readLine()) {
                if (line.startsWith("Upgrade")) {
                  it.heard(line);
                }
              }
              if (status.contains("101")) {
                client.send("a");
                it.heard(client.readLine());
                client.close();
              }
            });
  }

  /** Says one thing back. */
  public static final class Shouting implements HttpUpgradeHandler {

    /** For the container. */
    public Shouting() {}

    @Override
    public void init(WebConnection connection) {
      Thread thread =
          new Thread(
              () -> {
                try (connection) {
                  int heard = connection.getInputStream().read();
                  connection.getOutputStream().print((char) heard + "!\r\n");
                  connection.getOutputStream().flush();
                  connection.getInputStream().read();
                } catch (Exception e) {
                  // The client has closed.
                }
              });
      thread.start();
    }

    @Override
    public void destroy() {}
  }
}
