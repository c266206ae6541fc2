package io.github.safeasync.compatibility;

import static io.github.safeasync.compatibility.Point.BEFORE_BODY;
import static io.github.safeasync.compatibility.Point.BEHIND_BODY;
import static io.github.safeasync.compatibility.Point.IDLE;
import static io.github.safeasync.compatibility.Point.IN_BODY;
import static io.github.safeasync.compatibility.Point.IN_LISTENER;
import static io.github.safeasync.compatibility.Point.NONE;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an application does with the request. */
final class ReadingApplications {

  /** In the place of a parameter that is not what was sent. */
  static final String OTHER_BYTES = "other bytes";

  private static final String BOUNDARY = "----part";
  private static final String LAST = "y".repeat(1000);

  private ReadingApplications() {}

  /** Reads all that is to come and answers how much. */
  private interface Reading {
    Object from(HttpServletRequest in) throws Exception;
  }

  static List<SmallApplication> all() {
    return List.of(
        synchronous("read", ReadingApplications::byteByByte),
        synchronous("reader", ReadingApplications::characters),
        asynchronous("read-async", ReadingApplications::byteByByte),
        asynchronous("read-all", in -> in.getInputStream().readAllBytes().length),
        asynchronous("transfer", ReadingApplications::transferred),
        asynchronous("reader-async", ReadingApplications::characters),
        asynchronous("parameters", in -> in.getParameterMap().size() + " " + last(in))
            .sending("application/x-www-form-urlencoded", form()),
        synchronous("parameters-sync", ReadingApplications::last)
            .sending("application/x-www-form-urlencoded", form()),
        asynchronous("parts", in -> in.getParts().size() + " " + in.getPart("second").getSize())
            .sending("multipart/form-data; boundary=" + BOUNDARY, parts()),
        SmallApplication.post(
            "read-listener",
            ReadingApplications::listen,
            NONE,
            BEFORE_BODY,
            IN_BODY,
            BEHIND_BODY,
            IN_LISTENER),
        SmallApplication.get("facts-get", ReadingApplications::facts, NONE, IDLE),
        SmallApplication.post("facts-post", ReadingApplications::facts, NONE, BEHIND_BODY));
  }

  private static String form() {
    return "first=" + "x".repeat(2000) + "&last=" + LAST;
  }

  private static @Nullable String last(HttpServletRequest in) {
    String given = in.getParameter("last");
    return given == null ? null : given.equals(LAST) ? "whole" : OTHER_BYTES;
  }

  private static String parts() {
    String head = "\r\nContent-Disposition: form-data; name=\"";
    return "--"
        + BOUNDARY
        + head
        + "first\"\r\n\r\none\r\n--"
        + BOUNDARY
        + head
        + "second\"; filename=\"f\"\r\n\r\n"
        + "z".repeat(2000)
        + "\r\n--"
        + BOUNDARY
        + "--\r\n";
  }

  private static long byteByByte(HttpServletRequest in) throws IOException {
    ServletInputStream body = in.getInputStream();
    long read = 0;
    while (body.read() >= 0) {
      read++;
    }
    return read;
  }

  private static long characters(HttpServletRequest in) throws IOException {
    char[] some = new char[500];
    long read = 0;
    for (int n; (n = in.getReader().read(some)) >= 0; ) {
      read += n;
    }
    return read;
  }

  private static long transferred(HttpServletRequest in) throws IOException {
    return in.getInputStream().transferTo(OutputStream.nullOutputStream());
  }

  private static SmallApplication synchronous(String name, Reading reading) {
    return SmallApplication.post(
        name,
        (play, in, out) -> read(play, in, out, reading),
        NONE,
        BEFORE_BODY,
        IN_BODY,
        BEHIND_BODY);
  }

  private static SmallApplication asynchronous(String name, Reading reading) {
    return SmallApplication.post(
        name,
        (play, in, out) -> {
          AsyncContext context = play.start(in, play.listener());
          play.elsewhere(
              "worker",
              () -> {
                read(play, in, out, reading);
                play.tell("complete", context::complete);
              });
        },
        NONE,
        BEFORE_BODY,
        IN_BODY,
        BEHIND_BODY);
  }

  private static void read(
      Play play, HttpServletRequest in, HttpServletResponse out, Reading reading) {
    play.at(BEFORE_BODY);
    play.at(IN_BODY);
    play.at(BEHIND_BODY);
    play.note("read", () -> reading.from(in));
    write(play, out);
  }

  private static void write(Play play, HttpServletResponse out) {
    play.tell(
        "write",
        () -> {
          out.getOutputStream().print("read");
          out.flushBuffer();
        });
  }

  private static void listen(Play play, HttpServletRequest in, HttpServletResponse out)
      throws IOException {
    AsyncContext context = play.start(in, play.listener());
    play.at(BEHIND_BODY);
    play.tell(
        "setReadListener",
        () -> {
          in.getInputStream().setReadListener(new Counting(play, in, out, context));
        });
    play.elsewhere("away", () -> play.pass(BEFORE_BODY));
  }

  private static final class Counting implements ReadListener {
    private final Play play;
    private final ServletInputStream body;
    private final HttpServletResponse out;
    private final AsyncContext context;
    private final byte[] some = new byte[500];
    private int read;

    Counting(Play play, HttpServletRequest in, HttpServletResponse out, AsyncContext context)
        throws IOException {
      this.play = play;
      this.body = in.getInputStream();
      this.out = out;
      this.context = context;
    }

    @Override
    public void onDataAvailable() throws IOException {
      play.calledBack(
          "onDataAvailable",
          () -> {
            while (body.isReady() && !body.isFinished()) {
              int n = body.read(some);
              if (n < 0) {
                play.note("met the end", () -> read);
                return;
              }
              read += n;
              if (read >= play.application().body().length() / 2) {
                play.at(IN_LISTENER);
              }
            }
            if (read >= play.application().body().length() / 2) {
              play.pass(IN_BODY);
            }
          });
    }

    @Override
    public void onAllDataRead() {
      play.callback(
          "onAllDataRead",
          null,
          () -> {
            play.note("read", () -> read);
            play.note("finished", body::isFinished);
            out.getOutputStream().print("read");
            context.complete();
          });
    }

    @Override
    public void onError(Throwable failure) {
      play.callback(
          "ReadListener.onError",
          failure,
          () -> {
            play.note("finished", body::isFinished);
            context.complete();
          });
    }
  }

  private static void facts(Play play, HttpServletRequest in, HttpServletResponse out) {
    in.setAttribute("mine", "kept");
    AsyncContext context = play.start(in, play.listener());
    play.elsewhere(
        "worker",
        () -> {
          play.at(IDLE);
          play.at(BEHIND_BODY);
          play.note("header", () -> in.getHeader("X-Given"));
          play.note("headers", () -> Collections.list(in.getHeaders("x-given")));
          play.note(
              "names",
              () ->
                  Collections.list(in.getHeaderNames()).stream()
                      .map(String::toLowerCase)
                      .collect(Collectors.toSet())
                      .contains("x-given"));
          play.note("date", () -> in.getDateHeader("none"));
          play.note("cookie", () -> in.getCookies()[0].getValue());
          play.note("attribute", () -> in.getAttribute("mine"));
          play.note("type", in::getContentType);
          play.note("length", in::getContentLength);
          play.note("encoding", in::getCharacterEncoding);
          play.note("method", in::getMethod);
          play.note("query", in::getQueryString);
          play.note("parameter", () -> in.getParameter("asked"));
          play.note("parameters", () -> in.getParameterMap().keySet());
          play.note("path", () -> in.getServletPath() + in.getContextPath());
          play.note("uri", () -> in.getRequestURI().startsWith(in.getServletPath()));
          play.note("url", () -> in.getRequestURL().toString().endsWith(in.getRequestURI()));
          play.note("protocol", in::getProtocol);
          play.note("scheme", in::getScheme);
          play.note("secure", in::isSecure);
          play.note("server", in::getServerName);
          play.note("remote", in::getRemoteAddr);
          play.note("locale", () -> in.getLocale() != null);
          play.note("dispatcher", in::getDispatcherType);
          play.note("session", () -> in.getSession(false));
          play.note("user", in::getRemoteUser);
          play.note("context", () -> in.getServletContext() != null);
          play.note("async", in::isAsyncSupported);
          play.note("read", () -> byteByByte(in));
          write(play, out);
          play.tell("complete", context::complete);
        });
  }
}
