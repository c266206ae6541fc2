package io.github.safeasync.testkit;

import io.github.safeasync.SafeAsyncResponse;

/** Writes as fast as a client takes it. */
public final class Outpour {

  private Outpour() {}

  /**
   * Writes so many pieces whenever the response is writable, and finishes it.
   *
   * @param write writes one
   */
  public static void pieces(SafeAsyncResponse response, int count, Runnable write) {
    response.onWritable(
        new Runnable() {
          private int left = count;

          @Override
          public void run() {
            while (response.isWritable()) {
              if (left-- == 0) {
                response.finish();
                return;
              }
              write.run();
            }
            response.onWritable(this);
          }
        });
  }
}
