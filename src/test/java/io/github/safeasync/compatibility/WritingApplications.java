package io.github.safeasync.compatibility;

import static io.github.safeasync.compatibility.Point.BLOCKED_IN_WRITE;
import static io.github.safeasync.compatibility.Point.IDLE;
import static io.github.safeasync.compatibility.Point.IN_LISTENER;
import static io.github.safeasync.compatibility.Point.IN_SERVLET;
import static io.github.safeasync.compatibility.Point.IN_WRITE;
import static io.github.safeasync.compatibility.Point.NONE;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/** What an application does with the response's body. */
final class WritingApplications {

  /** More than sockets and streams hold for a client that does not read. */
  private static final int MOST = 40_000_000;

  private static final byte[] BLOCK = new byte[32 * 1024];

  /** What a client that stays gets. */
  private static final int BLOCKS = 4;

  private WritingApplications() {}

  /** Writes to the body until that fails, or the client has all. */
  private interface Writing {
    void to(Play play, ServletResponse out) throws IOException;
  }

  static List<SmallApplication> all() {
    return List.of(
        SmallApplication.get(
            "write-sync",
            (play, in, out) -> {
              play.at(IN_SERVLET);
              stream(play, out);
            },
            NONE,
            IN_SERVLET,
            IN_WRITE,
            BLOCKED_IN_WRITE),
        SmallApplication.get(
            "print-sync",
            (play, in, out) -> {
              play.at(IN_SERVLET);
              print(play, out);
            },
            NONE,
            IN_SERVLET,
            IN_WRITE),
        asynchronous("write", WritingApplications::stream),
        asynchronous("flush-buffer", WritingApplications::flushBuffer),
        asynchronous("print", WritingApplications::print),
        SmallApplication.get(
            "write-listener",
            WritingApplications::listen,
            NONE,
            IN_SERVLET,
            IN_LISTENER,
            BLOCKED_IN_WRITE));
  }

  private static SmallApplication asynchronous(String name, Writing writing) {
    return SmallApplication.get(
        name,
        (play, in, out) -> {
          AsyncContext context = play.start(in, play.listener());
          play.elsewhere(
              "worker",
              () -> {
                play.at(IDLE);
                play.tell(
                    "write",
                    () -> {
                      writing.to(play, out);
                    });
                play.tell("complete", context::complete);
              });
        },
        NONE,
        IDLE,
        IN_WRITE,
        BLOCKED_IN_WRITE);
  }

  private static boolean goesOn(Play play, int blocks) {
    return play.stays() ? blocks < BLOCKS : (long) blocks * BLOCK.length < MOST;
  }

  private static void stream(Play play, ServletResponse out) throws IOException {
    ServletOutputStream body = out.getOutputStream();
    for (int blocks = 0; goesOn(play, blocks); blocks++) {
      body.write(BLOCK);
      body.flush();
      written(play);
    }
  }

  private static void flushBuffer(Play play, ServletResponse out) throws IOException {
    ServletOutputStream body = out.getOutputStream();
    for (int blocks = 0; goesOn(play, blocks); blocks++) {
      body.print("part ");
      out.flushBuffer();
      body.write(BLOCK);
      written(play);
    }
  }

  private static void print(Play play, ServletResponse out) throws IOException {
    PrintWriter body = out.getWriter();
    char[] block = new char[BLOCK.length];
    for (int blocks = 0; goesOn(play, blocks); blocks++) {
      body.write(block);
      if (body.checkError()) {
        throw new IOException("checkError");
      }
      written(play);
    }
  }

  private static void written(Play play) {
    play.progresses();
    if (play.point() == BLOCKED_IN_WRITE) {
      play.pass(BLOCKED_IN_WRITE);
    } else {
      play.at(IN_WRITE);
    }
  }

  private static void listen(Play play, HttpServletRequest in, HttpServletResponse out)
      throws IOException {
    AsyncContext context = play.start(in, play.listener());
    play.at(IN_SERVLET);
    out.getOutputStream().setWriteListener(new Filling(play, out.getOutputStream(), context));
  }

  private static final class Filling implements WriteListener {
    private final Play play;
    private final ServletOutputStream body;
    private final AsyncContext context;
    private int blocks;
    private boolean over;

    Filling(Play play, ServletOutputStream body, AsyncContext context) {
      this.play = play;
      this.body = body;
      this.context = context;
    }

    @Override
    public void onWritePossible() throws IOException {
      play.calledBack("onWritePossible", this::fill);
    }

    private void fill() throws IOException {
      while (!over && body.isReady()) {
        if (!goesOn(play, blocks)) {
          over = true;
          context.complete();
          return;
        }
        body.write(BLOCK);
        blocks++;
        play.progresses();
        play.at(IN_LISTENER);
      }
      play.pass(BLOCKED_IN_WRITE);
    }

    @Override
    public void onError(Throwable failure) {
      play.callback("WriteListener.onError", failure, context::complete);
    }
  }
}
