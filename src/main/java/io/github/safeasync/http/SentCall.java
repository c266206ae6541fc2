package io.github.safeasync.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** A call whose caller waits for it, as {@code HttpClient.send} does. */
final class SentCall {

  private SentCall() {}

  static <T> T await(CompletableFuture<T> answer) throws IOException, InterruptedException {
    try {
      return answer.get();
    } catch (InterruptedException interrupt) {
      answer.cancel(true);
      throw interrupt;
    } catch (ExecutionException failed) {
      throw ofCaller(failed.getCause());
    }
  }

  /** The types are those of the JDK's own send, and the stack traces its caller's. */
  private static IOException ofCaller(@Nullable Throwable failure) {
    String message = failure == null ? null : failure.getMessage();
    if (failure instanceof IllegalArgumentException) {
      throw new IllegalArgumentException(message, failure);
    } else if (failure instanceof SecurityException) {
      throw new SecurityException(message, failure);
    } else if (failure instanceof HttpConnectTimeoutException) {
      return by(failure, new HttpConnectTimeoutException(message));
    } else if (failure instanceof HttpTimeoutException) {
      return by(failure, new HttpTimeoutException(message));
    } else if (failure instanceof ConnectException) {
      return by(failure, new ConnectException(message));
    } else if (failure instanceof SSLHandshakeException) {
      return by(failure, new SSLHandshakeException(message));
    } else if (failure instanceof SSLException) {
      return new SSLException(message, failure);
    } else if (failure instanceof ProtocolException) {
      return by(failure, new ProtocolException(message));
    } else if (failure instanceof RuntimeException own) {
      throw own;
    } else if (failure instanceof Error own) {
      throw own;
    }
    return new IOException(message, failure);
  }

  private static IOException by(Throwable failure, IOException thrown) {
    thrown.initCause(failure);
    return thrown;
  }
}
