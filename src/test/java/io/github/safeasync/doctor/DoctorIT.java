package io.github.safeasync.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.doctor.client.Doctor;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;

/** The doctor and its servlet on every container, with nothing between them. */
class DoctorIT {

  private static final String ASKED = " HTTP/1.1\r\nHost: localhost\r\nSafe-Async-Doctor: 1\r\n";

  private static String newId() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  static TestServer started(Container container, Transport transport) throws Exception {
    return container.start(
        transport,
        app -> app.filter(new SafeAsyncFilter()).servlet("/doctor", new DoctorServlet()));
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void everyHangUp_propagates_G6(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = started(container, transport)) {
      Said said = Said.when("--insecure", server.uri("/doctor").toString());

      List<String> expected = new ArrayList<>(List.of("FIN PROPAGATES", "RST PROPAGATES"));
      expected.add(transport.isSecure() ? "TLS close PROPAGATES" : "TLS close not checked");
      expected.add(transport.isHttp2() ? "HTTP/2 reset PROPAGATES" : "HTTP/2 reset not checked");
      assertThat(said.verdicts()).as(said.toString()).containsExactlyElementsOf(expected);
      assertThat(said.status()).isEqualTo(Doctor.PROPAGATES);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void demo_hasTheServlet(Container container) throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      Said said = Said.when(server.uri("/demo/doctor").toString());

      assertThat(said.status()).as(said.toString()).isEqualTo(Doctor.PROPAGATES);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void servletWithoutTheFilter_isSaid(Container container) throws Exception {
    try (TestServer server = container.start(app -> app.servlet("/doctor", new DoctorServlet()))) {
      Said said = Said.when(server.uri("/doctor").toString());

      assertThat(said.out()).contains("FIN           NOT CHECKED", "No SafeAsyncFilter is mapped");
      assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void servletThatIsNotAsynchronous_isSaid(Container container) throws Exception {
    try (TestServer server =
        container.start(
            app ->
                app.filter(new SafeAsyncFilter()).servlet("/doctor", new DoctorServlet(), false))) {
      Said said = Said.when(server.uri("/doctor").toString());

      assertThat(said.out()).contains("NOT CHECKED", "async-supported");
      assertThat(said.status()).isEqualTo(Doctor.NOT_CHECKED);
    }
  }

  /** A page of another site cannot send the header: it is told nothing and changes nothing. */
  @ParameterizedTest
  @EveryContainer
  void servlet_withoutTheHeader_holdsNothing(Container container) throws Exception {
    try (TestServer server = started(container, Transport.PLAIN);
        RawClient client = RawClient.connect(server)) {
      RawResponse got = client.get("/doctor?hold=" + newId()).readResponse();
      assertThat(got.status()).isEqualTo(200);
      assertThat(got.body()).contains("The doctor of safe-async").doesNotContain("state");
      client.send("POST /doctor?release=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(403);
    }
  }

  /** On a connection of its own: Tomcat closes one after a hundred requests. */
  private static String stateOf(TestServer server, String id) throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      client.send("GET /doctor?seen=" + id + ASKED + "\r\n");
      return client.readResponse().body();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void servlet_holdsSixteenAtMost_eachOnce(Container container) throws Exception {
    List<RawClient> held = new ArrayList<>();
    try (TestServer server = started(container, Transport.PLAIN);
        RawClient client = RawClient.connect(server)) {
      String id = newId();
      for (int i = 0; i < 16; i++) {
        String each = i == 0 ? id : newId();
        held.add(RawClient.connect(server));
        held.get(i).send("GET /doctor?hold=" + each + ASKED + "\r\n");
        Witness.await()
            .untilAsserted(
                () -> assertThat(stateOf(server, each)).startsWith("state: PENDING\ndetection: "));
      }
      client.send("GET /doctor?hold=" + id + ASKED + "\r\n");
      assertThat(client.readResponse().body()).contains("problem: this request was sent twice");
      client.send("GET /doctor?hold=" + newId() + ASKED + "\r\n");
      RawResponse refused = client.readResponse();
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.body()).contains("16 requests are held at most");
      client.send("POST /doctor?release=" + id + ASKED + "Content-Length: 0\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(200);
      assertThat(held.get(0).readResponse().status()).isEqualTo(200);
    } finally {
      for (RawClient each : held) {
        each.close();
      }
    }
  }
}
