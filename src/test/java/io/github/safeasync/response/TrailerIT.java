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
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;

/** Fields that follow the body. */
class TrailerIT {

  /** What the client has got. */
  private record Got(String body, Optional<String> sum, Optional<String> late) {}

  private static Got get(
      Container container, Transport transport, Consumer<SafeAsyncResponse> application)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport)) {
      Got got = transport.isHttp2() ? http2(site, application) : http1(site, application);
      logs.assertQuiet();
      return got;
    }
  }

  private static Got http1(Site site, Consumer<SafeAsyncResponse> application) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      application.accept(response);
      RawResponse answer = client.readResponse();
      assertThat(answer.isComplete()).isTrue();
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      return new Got(answer.body(), trailer(answer, "Sum"), trailer(answer, "Late"));
    }
  }

  private static Optional<String> trailer(RawResponse answer, String name) {
    return Optional.ofNullable(answer.trailers().get(name)).map(values -> values.get(0));
  }

  private static Got http2(Site site, Consumer<SafeAsyncResponse> application) throws Exception {
    try (Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/take");
      SafeAsyncResponse response = site.take();
      application.accept(response);
      assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      return new Got(exchange.awaitBody(), exchange.trailer("sum"), exchange.trailer("late"));
    }
  }

  private static void flush(SafeAsyncResponse response) {
    assertThat(response.flush().toCompletableFuture().join()).isTrue();
  }

  @ParameterizedTest
  @EveryTransport
  void trailer_ofAShortBody_followsIt(Container container, Transport transport) throws Exception {
    Got got =
        get(
            container,
            transport,
            response -> response.trailer("Sum", "0").trailer("sum", "17").finish("body"));
    assertThat(got).isEqualTo(new Got("body", Optional.of("17"), Optional.empty()));
  }

  @ParameterizedTest
  @EveryTransport
  void trailer_thatWasAnnounced_isGivenWhileTheBodyIsSent(Container container, Transport transport)
      throws Exception {
    Got got =
        get(
            container,
            transport,
            response -> {
              response.header("Trailer", "Sum").write("one ");
              flush(response);
              response.trailer("Sum", "17").finish("two");
              response.trailer("Late", "too late");
            });
    assertThat(got).isEqualTo(new Got("one two", Optional.of("17"), Optional.empty()));
  }

  @ParameterizedTest
  @EveryTransport
  void trailer_thatWasNotAnnounced_isIgnoredOnceTheHeadHasGone(
      Container container, Transport transport) throws Exception {
    Got got =
        get(
            container,
            transport,
            response -> {
              response.write("one ");
              flush(response);
              response.trailer("Sum", "17").finish("two");
            });
    assertThat(got).isEqualTo(new Got("one two", Optional.empty(), Optional.empty()));
  }

  @ParameterizedTest
  @EveryContainer
  void trailer_besideALength_leavesTheBodyWhole(Container container) throws Exception {
    Got got =
        get(
            container,
            Transport.PLAIN,
            response -> response.contentLength(4).trailer("Sum", "17").finish("body"));
    // Undertow leaves it out; Jetty and Tomcat leave the length out.
    assertThat(got.body()).isEqualTo("body");
  }
}
