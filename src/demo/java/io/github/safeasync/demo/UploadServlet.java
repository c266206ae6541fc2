package io.github.safeasync.demo;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * {@code POST /upload}: takes a body as slowly as one who has much to do with it, on the
 * container's thread. A POST is spared when its client leaves, unless it says that it can be
 * stopped, as this one does.
 */
public final class UploadServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final int PIECE = 128 * 1024;
  private static final int PACE_MILLIS = 50;

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    long length = request.getContentLengthLong();
    Duration planned = Duration.ofMillis(Math.max(0, length) / PIECE * PACE_MILLIS);
    request.setAttribute(CancelPolicy.ATTRIBUTE, CancelPolicy.ALWAYS);
    Row row = Board.of(getServletContext()).open(request, "upload", planned);
    CancellationToken token = CancellationToken.current();
    token.end().thenAccept(row::ended);
    Handle bound = token.bind(Thread.currentThread());
    long taken = 0;
    try {
      InputStream body = request.getInputStream();
      byte[] piece = new byte[PIECE];
      for (int read = body.readNBytes(piece, 0, PIECE);
          read > 0;
          read = body.readNBytes(piece, 0, PIECE)) {
        taken += read;
        row.say(megabytes(taken) + " taken");
        TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
      }
      row.say(megabytes(taken) + " taken, to the end");
      response.setContentType("text/plain;charset=utf-8");
      response.getWriter().println(megabytes(taken) + " taken");
    } catch (IOException e) {
      row.stopped("its reading failed after " + megabytes(taken));
    } catch (InterruptedException e) {
      row.stopped("its thread was interrupted after " + megabytes(taken));
    } finally {
      bound.remove();
    }
  }

  private static String megabytes(long bytes) {
    return Math.round(bytes / 104_857.6) / 10.0 + " MiB";
  }
}
