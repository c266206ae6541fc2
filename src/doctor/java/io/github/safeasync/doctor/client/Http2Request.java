package io.github.safeasync.doctor.client;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A request of HTTP/2, on a connection that stays: the JDK's client resets a stream by a cancel.
 */
final class Http2Request implements PendingRequest {

  private final CompletableFuture<HttpResponse<String>> response;

  private Http2Request(CompletableFuture<HttpResponse<String>> response) {
    this.response = response;
  }

  static Http2Request send(Server server, String id) {
    return new Http2Request(
        server
            .http2()
            .sendAsync(
                server.request("?hold=" + id).timeout(Duration.ofMinutes(2)).GET().build(),
                BodyHandlers.ofString()));
  }

  @Override
  public String answerWithin(Duration time) throws IOException {
    try {
      HttpResponse<String> early = response.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return early.statusCode() + " " + early.body();
    } catch (TimeoutException nothing) {
      return "";
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void abandon(HangUp way) {
    close();
  }

  @Override
  public void close() {
    response.cancel(true);
  }
}
