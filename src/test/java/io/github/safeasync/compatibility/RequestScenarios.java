package io.github.safeasync.compatibility;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.Part;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** What an application reads of a request. */
final class RequestScenarios {

  private static final String FORM = "application/x-www-form-urlencoded";

  private RequestScenarios() {}

  static List<Scenario> all() {
    return List.of(
        line(),
        form(),
        body(),
        encodings(),
        multipart(),
        cookies(),
        session(),
        attributes(),
        security(),
        nonBlockingRead(),
        expectContinue(),
        requestTrailers(),
        unreadBody(),
        pipelined());
  }

  static void describe(Scenario it, HttpServletRequest in) {
    it.note(
        String.join(
            " ",
            in.getMethod(),
            in.getRequestURI(),
            in.getRequestURL(),
            in.getContextPath() + "|" + in.getServletPath() + "|" + in.getPathInfo(),
            String.valueOf(in.getQueryString()),
            in.getDispatcherType().name(),
            in.getHttpServletMapping().getMappingMatch()
                + in.getHttpServletMapping().getPattern()));
  }

  private static Scenario line() {
    Scenario it = new Scenario("line");
    return it.serves(
            "/*",
            (in, out) -> {
              describe(it, in);
              it.note(in.getProtocol() + in.getScheme() + in.getServerName() + in.getServerPort());
              it.note(in.getRemoteAddr() + in.getLocalAddr() + in.isSecure());
              it.note(in.getLocale() + " " + Collections.list(in.getLocales()));
              it.note(Collections.list(in.getHeaders("A")));
              it.note(Collections.list(in.getHeaderNames()));
              it.note(in.getIntHeader("Number") + " " + in.getDateHeader("When"));
              it.note("no number", () -> in.getIntHeader("A"));
              it.note("no date", () -> in.getDateHeader("A"));
              it.note(in.getContentLength() + " " + in.getContentType());
              it.note(in.getCharacterEncoding() + in.getPathTranslated());
              it.note("no cycle", in::getAsyncContext);
              it.note("started", in::isAsyncStarted);
              it.note("supported", in::isAsyncSupported);
              it.note("trailers", () -> in.isTrailerFieldsReady() + "" + in.getTrailerFields());
              it.note("unknown dispatcher", () -> in.getRequestDispatcher("nowhere/else") != null);
              Map<String, String[]> all = in.getParameterMap();
              all.forEach((name, values) -> it.note(name + List.of(values)));
            })
        .asks(
            "GET /line/some%20path;v=1?q=1&q=2&e=&%C3%A4=%C3%B6 HTTP/1.1\r\nHost: localhost\r\n"
                + "A: one\r\nA: two\r\nNumber: 17\r\nWhen: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                + "Accept-Language: de, en;q=0.5\r\n\r\n");
  }

  private static Scenario form() {
    Scenario it = new Scenario("form");
    return it.serves(
            (in, out) -> {
              Collections.list(in.getParameterNames()).stream()
                  .sorted()
                  .forEach(name -> it.note(name + List.of(in.getParameterValues(name))));
              it.note("absent", () -> in.getParameter("absent"));
              it.note("read on", () -> in.getInputStream().read());
              it.note("reader after the stream", () -> in.getReader().read());
              out.getWriter().write("got " + in.getParameter("a"));
            })
        .posts("?a=query", FORM, "a=form&b=%20+x&a=again")
        .posts("", FORM, "")
        .posts("", "text/plain", "a=not");
  }

  private static Scenario body() {
    Scenario it = new Scenario("body");
    return it.serves(
            "/stream",
            (in, out) -> {
              ServletInputStream body = in.getInputStream();
              it.note("same stream", () -> body == in.getInputStream());
              it.note("ready, finished", () -> body.isReady() + " " + body.isFinished());
              byte[] line = new byte[100];
              it.note("line", () -> body.readLine(line, 0, 100));
              it.note("rest", () -> body.readAllBytes().length);
              it.note("end", () -> body.read() + " " + body.isFinished());
              it.note("reader after the stream", in::getReader);
              out.getOutputStream().write('x');
            })
        .serves(
            "/reader",
            (in, out) -> {
              it.note("line", () -> in.getReader().readLine());
              it.note("same reader", () -> in.getReader() == in.getReader());
              it.note("rest", () -> in.getReader().lines().toList());
              it.note("stream after the reader", in::getInputStream);
              it.note("no form", () -> in.getParameterMap().size());
            })
        .posts("/stream", "text/plain", "one\ntwo and more\n".repeat(5000))
        .posts("/reader", "text/plain; charset=ISO-8859-1", "one\ntw\u00f6\n")
        .asks(
            "POST /body/stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "4\r\none\n\r\n3\r\ntwo\r\n0\r\n\r\n");
  }

  private static Scenario encodings() {
    Scenario it = new Scenario("encodings");
    return it.serves(
            (in, out) -> {
              it.note("unknown", () -> set(in, "no-such-charset"));
              it.note("known", () -> set(in, "UTF-8"));
              it.note("parameter", () -> in.getParameter("p"));
              it.note("too late", () -> set(in, "ISO-8859-1"));
              it.note("then", in::getCharacterEncoding);
            })
        .posts("", FORM, "p=%C3%A4");
  }

  private static String set(HttpServletRequest in, String charset) throws IOException {
    in.setCharacterEncoding(charset);
    return in.getCharacterEncoding();
  }

  private static Scenario multipart() {
    Scenario it = new Scenario("multipart");
    String body =
        "--b\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nvalue\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
            + "Content-Type: text/plain\r\n\r\ncontent\r\n--b--\r\n";
    return it.deploys(
            app ->
                app.multipart(
                    "/multipart/yes",
                    (in, out) -> {
                      it.note("field", () -> in.getParameter("field"));
                      for (Part part : in.getParts()) {
                        it.note(part.getName() + part.getSize() + part.getSubmittedFileName());
                        it.note(new String(part.getInputStream().readAllBytes(), "UTF-8"));
                      }
                      it.note("absent", () -> in.getPart("absent"));
                      out.getWriter().write("parts");
                    }))
        .serves("/no", (in, out) -> it.note("no configuration", in::getParts))
        .posts("/yes", "multipart/form-data; boundary=b", body)
        .posts("/yes", "text/plain", "no parts")
        .posts("/no", "multipart/form-data; boundary=b", body);
  }

  private static Scenario cookies() {
    Scenario it = new Scenario("cookies");
    return it.serves(
            (in, out) -> {
              Cookie[] cookies = in.getCookies();
              it.note(cookies == null ? "none" : cookies.length);
              if (cookies != null) {
                for (Cookie each : cookies) {
                  it.note(each.getName() + "=" + each.getValue());
                }
              }
              Cookie set = new Cookie("set", "value");
              set.setPath("/");
              set.setHttpOnly(true);
              set.setMaxAge(10);
              set.setAttribute("SameSite", "Lax");
              out.addCookie(set);
              out.addCookie(new Cookie("other", "1"));
              it.note(out.getHeaders("Set-Cookie").size());
            })
        .gets("")
        .asks("GET /cookies HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c=\"d\"\r\n\r\n");
  }

  private static Scenario session() {
    Scenario it = new Scenario("session");
    String[] cookie = new String[1];
    return it.serves(
            (in, out) -> {
              it.note("none yet", () -> in.getSession(false) == null);
              it.note(in.getRequestedSessionId() != null);
              it.note(in.isRequestedSessionIdValid() + " " + in.isRequestedSessionIdFromCookie());
              it.note(in.isRequestedSessionIdFromURL());
              HttpSession session = in.getSession();
              it.note(session.isNew() + " " + session.getAttribute("count"));
              it.note("same", () -> in.getSession(false) == in.getSession());
              Object count = session.getAttribute("count");
              session.setAttribute("count", count == null ? 1 : (int) count + 1);
              String before = session.getId();
              it.note("changed", () -> !in.changeSessionId().equals(before));
              it.note("encoded", () -> out.encodeURL("/x").contains("jsessionid"));
              it.note("redirect", () -> out.encodeRedirectURL("/x").contains("jsessionid"));
              it.note("elsewhere", () -> out.encodeURL("http://example.com/x"));
              if (in.getParameter("end") != null) {
                session.invalidate();
                it.note("after", () -> in.getSession(false) == null);
              }
            })
        .plays(
            client -> {
              var response = client.get("/session").readResponse();
              String id = response.headers().get("Set-Cookie").toString();
              cookie[0] = id.replaceAll("(?s).*(JSESSIONID=[^;\\]]+).*", "$1");
              it.heard("a session: " + (cookie[0].length() > 15));
            })
        .plays(client -> it.hears(withCookie(client, "/session", cookie[0]).readResponse()))
        .plays(client -> withCookie(client, "/session?end=1", "JSESSIONID=gone").readResponse());
  }

  private static io.github.safeasync.testkit.RawClient withCookie(
      io.github.safeasync.testkit.RawClient client, String path, String cookie) throws IOException {
    return client.send(
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie + "\r\n\r\n");
  }

  private static Scenario attributes() {
    Scenario it = new Scenario("attributes");
    return it.serves(
            (in, out) -> {
              it.note(own(in));
              in.setAttribute("a", 1);
              in.setAttribute("b", "two");
              it.note(own(in) + " " + in.getAttribute("a"));
              in.setAttribute("a", null);
              in.removeAttribute("b");
              in.removeAttribute("never");
              it.note(own(in) + " " + in.getAttribute("a"));
            })
        .gets("");
  }

  /** The names of attributes, sorted. */
  static List<String> own(HttpServletRequest in) {
    return Collections.list(in.getAttributeNames()).stream().sorted().toList();
  }

  private static Scenario security() {
    Scenario it = new Scenario("security");
    return it.serves(
            (in, out) -> {
              it.note(in.getUserPrincipal() + " " + in.getRemoteUser() + " " + in.getAuthType());
              it.note("role", () -> in.isUserInRole("any"));
              it.note(
                  "login",
                  () -> {
                    in.login("nobody", "nothing");
                    return "in";
                  });
              it.note(
                  "logout",
                  () -> {
                    in.logout();
                    return "out";
                  });
              it.note("push", in::newPushBuilder);
            })
        .gets("");
  }

  private static Scenario nonBlockingRead() {
    Scenario it = new Scenario("non-blocking-read");
    return it.serves(
            (in, out) -> {
              AsyncContext context = in.startAsync();
              ServletInputStream body = in.getInputStream();
              ByteArrayOutputStream read = new ByteArrayOutputStream();
              body.setReadListener(
                  new ReadListener() {
                    @Override
                    public void onDataAvailable() throws IOException {
                      byte[] some = new byte[1000];
                      while (body.isReady() && !body.isFinished()) {
                        int n = body.read(some);
                        if (n > 0) {
                          read.write(some, 0, n);
                        }
                      }
                    }

                    @Override
                    public void onAllDataRead() throws IOException {
                      it.note("all data read: " + read.size() + " " + body.isFinished());
                      out.getOutputStream()
                          .write(("read " + read.size()).getBytes(StandardCharsets.US_ASCII));
                      context.complete();
                    }

                    @Override
                    public void onError(Throwable failure) {
                      it.note(failure);
                    }
                  });
              it.note("second listener", () -> secondListener(body));
            })
        .posts("", "text/plain", "x".repeat(100_000))
        .plays(
            client -> {
              client.send(
                  "POST /non-blocking-read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n");
              client.send("abc");
              client.send("def");
              it.hears(client.readResponse());
            })
        .asks("POST /non-blocking-read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  }

  private static Object secondListener(ServletInputStream body) {
    body.setReadListener(
        new ReadListener() {
          @Override
          public void onDataAvailable() {}

          @Override
          public void onAllDataRead() {}

          @Override
          public void onError(Throwable failure) {}
        });
    return "taken";
  }

  private static Scenario expectContinue() {
    Scenario it = new Scenario("expect-continue");
    return it.serves(
            (in, out) -> out.getWriter().write("" + in.getInputStream().readAllBytes().length))
        .plays(
            client -> {
              client.send(
                  "POST /expect-continue HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                      + "Expect: 100-continue\r\n\r\n");
              it.heard(client.readLine() + client.readLine());
              client.send("abc");
              it.hears(client.readResponse());
            });
  }

  private static Scenario requestTrailers() {
    Scenario it = new Scenario("request-trailers");
    return it.serves(
            (in, out) -> {
              it.note("before", in::isTrailerFieldsReady);
              it.note(in.getInputStream().readAllBytes().length);
              it.note("ready", in::isTrailerFieldsReady);
              it.note("fields", in::getTrailerFields);
            })
        .asks(
            "POST /request-trailers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                + "Trailer: sum\r\n\r\n3\r\nabc\r\n0\r\nsum: 17\r\n\r\n");
  }

  private static Scenario unreadBody() {
    Scenario it = new Scenario("unread-body");
    return it.serves((in, out) -> out.getWriter().write("unread"))
        .posts("", "text/plain", "x".repeat(10_000))
        .gets("");
  }

  private static Scenario pipelined() {
    Scenario it = new Scenario("pipelined");
    return it.serves((in, out) -> out.getWriter().write(in.getParameter("n")))
        .plays(
            client -> {
              List<String> requests = new ArrayList<>();
              for (int n = 0; n < 4; n++) {
                requests.add("GET /pipelined?n=" + n + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
              }
              client.send(String.join("", requests));
              for (int n = 0; n < 4; n++) {
                it.hears(client.readResponse());
              }
            });
  }
}
