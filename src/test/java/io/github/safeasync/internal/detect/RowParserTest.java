package io.github.safeasync.internal.detect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf("isLittleEndian") // The rows below are as such a machine prints them.
class RowParserTest {

  static boolean isLittleEndian() {
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  }

  private static final String TAIL =
      " 00000000:00000000 00:00000000 00000000  1000        0 34567 1 0000000000000000 20 4 30";

  private static boolean read(RowParser parser, String row) {
    byte[] bytes = row.getBytes(US_ASCII);
    return parser.read(bytes, 0, bytes.length);
  }

  private static Endpoints endpoints(String local, int localPort, String remote, int remotePort)
      throws Exception {
    return Endpoints.of(
        new InetSocketAddress(InetAddress.getByName(local), localPort),
        new InetSocketAddress(InetAddress.getByName(remote), remotePort));
  }

  @Test
  void ipv4Row_isRead() throws Exception {
    RowParser parser = new RowParser(false);
    assertThat(read(parser, "   0: 0100007F:1F90 0200A8C0:D431 08" + TAIL)).isTrue();
    assertThat(parser.matches(endpoints("127.0.0.1", 8080, "192.168.0.2", 54321))).isTrue();
    assertThat(parser.matches(endpoints("127.0.0.1", 8080, "192.168.0.2", 54320))).isFalse();
    assertThat(parser.state).isEqualTo(8);
    assertThat(parser.inode()).isEqualTo(34567);
  }

  @Test
  void mappedRow_matchesTheIpv4Connection() throws Exception {
    RowParser parser = new RowParser(true);
    String mapped = "0000000000000000FFFF0000";
    assertThat(
            read(
                parser,
                "123456: " + mapped + "0100007F:1F90 " + mapped + "0200A8C0:D431 01" + TAIL))
        .isTrue();
    Endpoints connection = endpoints("127.0.0.1", 8080, "192.168.0.2", 54321);
    assertThat(parser.matches(connection)).isTrue();
    assertThat(connection.isIpv4()).isTrue();
    assertThat(parser.state).isEqualTo(1);
    assertThat(parser.inode()).isEqualTo(34567);
  }

  @Test
  void ipv6Row_isRead() throws Exception {
    RowParser parser = new RowParser(true);
    String row =
        "  12: B80D0120000000000000000001000000:01BB 00000000000000000000000001000000:FFFF";
    assertThat(read(parser, row + " 0A" + TAIL)).isTrue();
    Endpoints connection = endpoints("2001:db8::1", 443, "::1", 65535);
    assertThat(parser.matches(connection)).isTrue();
    assertThat(connection.isIpv4()).isFalse();
    assertThat(parser.state).isEqualTo(10);
  }

  @Test
  void whatIsNoRow_isPassedOver() {
    for (String row :
        new String[] {
          "",
          ":",
          "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
          "   0: 0100007F:1F90 0200A8C0:D4",
          "   0: 0100007F:1F90 0200A8C0:XYZW 08",
          "   0: 0100007F-1F90 0200A8C0:D431 08"
        }) {
      assertThat(read(new RowParser(false), row)).as(row).isFalse();
      assertThat(read(new RowParser(true), row)).as(row).isFalse();
    }
  }

  @Test
  void aRowCutShort_hasNoInode() {
    RowParser parser = new RowParser(false);
    assertThat(read(parser, "   0: 0100007F:1F90 0200A8C0:D431 08")).isTrue();
    assertThat(parser.inode()).isZero();
  }
}
