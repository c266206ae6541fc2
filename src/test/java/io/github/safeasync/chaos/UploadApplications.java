package io.github.safeasync.chaos;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;

/** Applications that read what their clients send, and answer when they have all of it. */
final class UploadApplications {

  private static final int PIECE = 1_000;

  private UploadApplications() {}

  private static void requireWhole(Entry entry, int count) {
    if (count != entry.plan().upload()) {
      entry.fault(Fault.CUT_UPLOAD_TAKEN_FOR_WHOLE, count + " bytes");
    }
  }

  static void blocking(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    try {
      InputStream in = request.getInputStream();
      byte[] piece = new byte[PIECE];
      int count = 0;
      for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
        count += read;
      }
      requireWhole(entry, count);
      ServletApplications.write(entry.plan(), response.getOutputStream());
    } catch (IOException gone) {
      entry.note("told: " + gone);
    } finally {
      entry.cleanedUp();
      entry.ended("SYNCHRONOUS");
    }
  }

  static void listening(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(Late.PATIENCE_MILLIS);
    context.addListener(new ServletApplications.Told(entry));
    ServletInputStream body = request.getInputStream();
    body.setReadListener(
        new ReadListener() {
          private final byte[] piece = new byte[PIECE];
          private int count;

          @Override
          public void onDataAvailable() throws IOException {
            while (body.isReady() && !body.isFinished()) {
              count += Math.max(body.read(piece), 0);
            }
          }

          @Override
          public void onAllDataRead() {
            requireWhole(entry, count);
            Work.attempt(
                entry, () -> ServletApplications.write(entry.plan(), response.getOutputStream()));
            close();
          }

          @Override
          public void onError(Throwable failure) {
            entry.note("ReadListener.onError " + failure);
            close();
          }

          private void close() {
            Work.attempt(entry, context::complete);
            if (entry.plan().behaviour() != Behaviour.SILENT) {
              entry.cleanedUp();
            }
          }
        });
  }
}
