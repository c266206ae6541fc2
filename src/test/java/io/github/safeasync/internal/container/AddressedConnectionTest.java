package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.Proxy;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressedConnectionTest {

  @Test
  void ipv4_isTaken() {
    InetSocketAddress address = AddressedConnection.address("192.0.2.7", 8080);
    assertThat(address.getAddress()).isInstanceOf(Inet4Address.class);
    assertThat(address.getAddress().getAddress()).containsExactly((byte) 192, 0, 2, 7);
    assertThat(address.getPort()).isEqualTo(8080);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2001:db8::7", "[2001:db8::7]", "2001:DB8:0:0:0:0:0:7"})
  void ipv6_isTaken(String literal) {
    InetSocketAddress address = AddressedConnection.address(literal, 1);
    assertThat(address.getAddress()).isInstanceOf(Inet6Address.class);
    assertThat(address.getAddress().getHostAddress()).isEqualTo("2001:db8:0:0:0:0:0:7");
  }

  @Test
  void mappedIpv4_isIpv4() {
    assertThat(AddressedConnection.address("::ffff:127.0.0.1", 1).getAddress())
        .isInstanceOf(Inet4Address.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fe80::1%3", "[fe80::1%3]"})
  void zoneByNumber_isTaken(String literal) {
    assertThat(AddressedConnection.address(literal, 1).getAddress())
        .isInstanceOfSatisfying(
            Inet6Address.class, zoned -> assertThat(zoned.getScopeId()).isEqualTo(3));
  }

  @Test
  void zoneByName_isTakenIfThereIsSuchAnInterface() throws Exception {
    NetworkInterface some = NetworkInterface.networkInterfaces().findFirst().orElseThrow();
    boolean known = AddressedConnection.address("fe80::1%" + some.getName(), 1) != null;
    assertThat(known).isEqualTo(some.inetAddresses().anyMatch(Inet6Address.class::isInstance));
    assertThat(AddressedConnection.address("fe80::1%no-such-interface", 1)).isNull();
  }

  /** "localhost" could be resolved without any network: it is not even tried. */
  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(
      strings = {
        "localhost",
        "localhost.",
        "localhost:80",
        "[localhost]",
        "unknown",
        "_hidden:1",
        "example.org",
        "cafe",
        "7",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.-4",
        "1.2.3.4:80",
        "[1.2.3.4]:80",
        "[",
        "[]",
        ":",
        "::ffff:localhost"
      })
  void whatIsNoLiteral_isNothing(String host) {
    assertThat(AddressedConnection.address(host, 80)).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 65_536})
  void noPort_isNothing(int port) {
    assertThat(AddressedConnection.address("127.0.0.1", port)).isNull();
  }

  @Test
  void unknownContainersRequest_tellsAllThereIs() {
    Connection connection =
        Connections.behind(
            request(
                Map.of(
                    "getRemoteAddr",
                    "192.0.2.7",
                    "getRemotePort",
                    40_000,
                    "getLocalAddr",
                    "[2001:db8::1]",
                    "getLocalPort",
                    443,
                    "getProtocol",
                    "HTTP/2.0",
                    "isSecure",
                    true)));
    assertThat(connection.container()).isEqualTo("unknown");
    assertThat(connection.channel()).isNull();
    assertThat(connection.peer()).isEqualTo(new InetSocketAddress("192.0.2.7", 40_000));
    assertThat(connection.local()).isEqualTo(new InetSocketAddress("2001:db8::1", 443));
    assertThat(connection.isMultiplexed()).isTrue();
    assertThat(connection.isSecure()).isTrue();
    assertThat(connection.isLost()).isFalse();
    assertThat(connection.quirks().writeLock()).isNull();
    assertThat(connection.quirks().streamThread()).isNull();
    assertThat(connection.streamOpen()).isNull();
    assertThat(connection.quirks().abort(() -> {})).isFalse();
  }

  private static HttpServletRequest request(Map<String, ?> answers) {
    return (HttpServletRequest)
        Proxy.newProxyInstance(
            AddressedConnectionTest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, method, arguments) -> answers.get(method.getName()));
  }
}
