package io.github.safeasync.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * One stream of an {@link Http2Client}: a request and what comes back. Thread-safe.
 *
 * @since 0.1.0
 */
public final class Http2Exchange implements Stream.Listener {
  private static final long PATIENCE_SECONDS = 30;

  private final CompletableFuture<MetaData.Response> head = new CompletableFuture<>();
  private final CompletableFuture<RawResponse.End> end = new CompletableFuture<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private volatile Stream stream;
  private volatile boolean unread;
  private volatile HttpFields trailers = HttpFields.EMPTY;

  Http2Exchange(boolean unread) {
    this.unread = unread;
  }

  void opened(Stream opened) {
    stream = opened;
  }

  /**
   * Cancels the request: RST_STREAM with CANCEL.
   *
   * @throws Exception if the connection fails
   */
  public void reset() throws Exception {
    stream
        .reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code))
        .get(10, TimeUnit.SECONDS);
    truncated("reset by the client");
  }

  /**
   * Sends the next part of the request's body.
   *
   * @param text what to send
   * @param last whether the body ends here
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public void send(String text, boolean last) throws Exception {
    send(StandardCharsets.UTF_8.encode(text), last);
  }

  /**
   * Sends the next part of the request's body; waits until the server lets all of it in.
   *
   * @param data what to send
   * @param last whether the body ends here
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public void send(ByteBuffer data, boolean last) throws Exception {
    stream.data(new DataFrame(stream.getId(), data, last)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Begins to read the body of a response that is unread so far.
   *
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public void read() throws Exception {
    awaitStatus();
    unread = false;
    stream.demand();
  }

  /**
   * Waits for the response's head.
   *
   * @return its status
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public int awaitStatus() throws Exception {
    return head.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getStatus();
  }

  /**
   * Waits for the response's head and returns one of its fields.
   *
   * @param name in any case
   * @return its value, empty where the field is missing
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public Optional<String> header(String name) throws Exception {
    MetaData.Response response = head.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return Optional.ofNullable(response.getHttpFields().get(name));
  }

  /**
   * Waits for the response's end and returns one of the fields that followed the body.
   *
   * @param name in any case
   * @return its value, empty where the field is missing
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public Optional<String> trailer(String name) throws Exception {
    awaitEnd();
    return Optional.ofNullable(trailers.get(name));
  }

  /**
   * Waits for the response's end and returns the body as far as it came.
   *
   * @return the body, as UTF-8
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public String awaitBody() throws Exception {
    awaitEnd();
    return bodySoFar();
  }

  /**
   * Waits for the response's end: truncated if the server reset the stream.
   *
   * @return how it ended
   * @throws Exception if the stream fails, or takes more than 30 seconds
   */
  public RawResponse.End awaitEnd() throws Exception {
    return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** {@return how the response ends} */
  public CompletableFuture<RawResponse.End> end() {
    return end.copy();
  }

  /** {@return the body's bytes as far as they have come} */
  public byte[] bodyBytes() {
    synchronized (body) {
      return body.toByteArray();
    }
  }

  /** {@return the body as far as it has come} */
  public String bodySoFar() {
    synchronized (body) {
      return body.toString(StandardCharsets.UTF_8);
    }
  }

  @Override
  public void onHeaders(Stream of, HeadersFrame frame, Callback callback) {
    boolean isRead = !unread;
    if (frame.getMetaData() instanceof MetaData.Response response && response.getStatus() >= 200) {
      head.complete(response);
    } else if (!(frame.getMetaData() instanceof MetaData.Response)) {
      trailers = frame.getMetaData().getHttpFields();
    }
    callback.succeeded();
    if (frame.isEndStream()) {
      end.complete(RawResponse.End.COMPLETE);
    } else if (isRead) {
      of.demand();
    }
  }

  @Override
  public void onDataAvailable(Stream of, boolean immediate) {
    Stream.Data data = of.readData();
    if (data == null) {
      of.demand();
      return;
    }
    boolean last = data.frame().isEndStream();
    synchronized (body) {
      body.writeBytes(BufferUtil.toArray(data.frame().getByteBuffer()));
    }
    data.release();
    if (last) {
      end.complete(RawResponse.End.COMPLETE);
    } else {
      of.demand();
    }
  }

  @Override
  public void onReset(Stream of, ResetFrame frame, Callback callback) {
    truncated("reset by the server: " + frame);
    callback.succeeded();
  }

  @Override
  public void onFailure(Stream of, int error, String reason, Throwable failure, Callback callback) {
    truncated("failed: " + reason);
    callback.succeeded();
  }

  @Override
  public void onClosed(Stream of) {
    // Called before the last data is handed out, too.
    if (!of.isRemotelyClosed()) {
      truncated("closed");
    }
  }

  private void truncated(String why) {
    head.completeExceptionally(new IllegalStateException(why));
    end.complete(RawResponse.End.TRUNCATED);
  }
}
