package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.http.Cookie;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.junit.jupiter.params.ParameterizedTest;

/** What the client gets of status, headers and body. */
class ResponseIT {

  @ParameterizedTest
  @EveryContainer
  void headAndBody_arriveAsGiven(Container container) throws Exception {
    try (Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response
          .status(201)
          .contentType("text/html;charset=iso-8859-1")
          .header("X-One", "old")
          .header("X-One", "new")
          .addHeader("X-Two", "1")
          .addHeader("X-Two", "2");
      response.write("é");
      response.write(new byte[] {'b'});
      response.write(ByteBuffer.allocateDirect(1).put((byte) 'c').flip());
      assertThat(response.isCommitted()).isFalse();
      assertThat(response.finish("d")).isTrue();

      RawResponse answer = client.readResponse();
      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.bodyBytes()).isEqualTo("ébcd".getBytes(StandardCharsets.ISO_8859_1));
      assertThat(answer.headers().get("X-One")).containsExactly("new");
      assertThat(answer.headers().get("X-Two")).containsExactly("1", "2");
      assertThat(answer.header("Content-Type").orElseThrow())
          .startsWithIgnoringCase("text/html")
          .endsWithIgnoringCase("charset=iso-8859-1");
      assertThat(response.isCommitted()).isTrue();
    }
  }

  @ParameterizedTest
  @EveryTransport
  void streamedBody_arrivesAsItIsFlushed(Container container, Transport transport)
      throws Exception {
    if (transport.isHttp2()) {
      return;
    }
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.write("first\n");
      assertThat(Site.flushed(response)).isTrue();
      while (!client.readLine().equals("first")) {
        assertThat(response.isOpen()).isTrue();
      }
      response.finish("second\n");
      while (!client.readLine().equals("second")) {
        assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void largeBody_arrivesWhole(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      byte[] mebibyte = new byte[1 << 20];
      java.util.Arrays.fill(mebibyte, (byte) 'x');
      for (int i = 0; i < 8; i++) {
        response.write(mebibyte);
      }
      response.finish();
      RawResponse answer = client.readResponse();
      assertThat(answer.isComplete()).isTrue();
      assertThat(answer.bodyBytes()).hasSize(8 << 20).containsOnly('x');
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void sendError_replacesWhatWasWritten_keepsHeaders(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.header("WWW-Authenticate", "Basic realm=\"x\"").write("secret");
      assertThat(response.sendError(401, "who are you")).isTrue();
      RawResponse answer = client.readResponse();
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.body()).doesNotContain("secret");
      assertThat(answer.header("WWW-Authenticate")).hasValue("Basic realm=\"x\"");
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void redirect_replacesWhatWasWritten_keepsHeadersAndCookies(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Cookie cookie = new Cookie("session", "a=1");
      cookie.setHttpOnly(true);
      response.header("X-Kept", "yes").cookie(cookie).write("not sent");
      cookie.setValue("changed later");
      assertThat(response.redirect(303, "/plain?a=%20b")).isTrue();
      assertThat(response.redirect("/elsewhere")).isFalse();

      RawResponse answer = client.readResponse();
      assertThat(answer.status()).isEqualTo(303);
      assertThat(answer.header("Location")).hasValue("/plain?a=%20b");
      assertThat(answer.header("X-Kept")).hasValue("yes");
      assertThat(answer.header("Set-Cookie").orElseThrow())
          .startsWith("session=a=1")
          .containsIgnoringCase("HttpOnly");
      assertThat(answer.bodyBytes()).isEmpty();
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void contentLength_isDeclared_andKept(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      response.contentLength(5).write("12");
      assertThat(Site.flushed(response)).isTrue();
      response.finish("345");
      RawResponse answer = client.readResponse();
      assertThat(answer.header("Content-Length")).hasValue("5");
      assertThat(answer.body()).isEqualTo("12345");
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport
  void sendErrorAfterAPart_clientSeesItTruncated(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = Site.start(container, transport)) {
      SafeAsyncResponse response =
          transport.isHttp2() ? truncatedHttp2(site) : truncatedHttp1(site);
      End end = Site.endOf(response);
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.cause().orElseThrow()).hasMessageContaining("sendError 500 too late");
      assertThat(logs.aboveInfo()).hasSize(1); // the library's own word on it
    }
  }

  private static SafeAsyncResponse truncatedHttp1(Site site) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = failAfterAPart(site.take());
      RawResponse answer = client.readResponse();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("a part");
      assertThat(answer.isComplete()).isFalse();
      return response;
    }
  }

  private static SafeAsyncResponse truncatedHttp2(Site site) throws Exception {
    try (Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/take");
      SafeAsyncResponse response = failAfterAPart(site.take());
      assertThat(exchange.awaitStatus()).isEqualTo(200);
      assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
      Http2Exchange other = client.get("/plain");
      assertThat(other.awaitBody()).isEqualTo("plain");
      return response;
    }
  }

  private static SafeAsyncResponse failAfterAPart(SafeAsyncResponse response) throws Exception {
    response.write("a part");
    assertThat(Site.flushed(response)).isTrue();
    assertThat(response.sendError(500, "too late")).isTrue();
    return response;
  }

  @ParameterizedTest
  @EveryContainer
  void keepAlive_oneConnectionServesAll(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        PoolingHttpClientConnectionManager pool = new PoolingHttpClientConnectionManager();
        CloseableHttpClient client = HttpClients.custom().setConnectionManager(pool).build()) {
      pool.setMaxTotal(1);
      Thread answerer = new Thread(() -> answer(site, 90));
      answerer.start();
      for (int i = 0; i < 90; i++) {
        String body =
            client.execute(
                new HttpGet(site.server().uri("/take")),
                response -> EntityUtils.toString(response.getEntity()));
        assertThat(body).isEqualTo("number " + i);
        assertThat(pool.getTotalStats().getAvailable()).as("kept alive").isEqualTo(1);
      }
      answerer.join();
      logs.assertQuiet();
    }
  }

  private static void answer(Site site, int times) {
    try {
      for (int i = 0; i < times; i++) {
        site.take().finish("number " + i);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
