package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(
    OS.LINUX) // Elsewhere there is no /proc to read, and MechanismProbe leaves this table out.
class ProcTableTest {

  private static final String HEADER = "  sl  local_address rem_address   st tx_queue\n";
  private static final String TAIL = " 00000000:00000000 00:00000000 00000000  1000        0 ";

  private static TableEntry entry(int localPort, int remotePort) throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    return new TableEntry(
        Endpoints.of(
            new InetSocketAddress(loopback, localPort),
            new InetSocketAddress(loopback, remotePort)));
  }

  @Nested
  class OnMadeUpText {

    @TempDir Path net;
    private final StringBuilder rows = new StringBuilder(HEADER);

    private void row(int localPort, int remotePort, int state, int inode) {
      rows.append(
          String.format(
              "%4d: 0100007F:%04X 0100007F:%04X %02X%s%d 1%n",
              0, localPort, remotePort, state, TAIL, inode));
    }

    private void look(TableEntry... entries) throws Exception {
      Files.writeString(net.resolve("tcp"), rows);
      Files.writeString(net.resolve("tcp6"), HEADER);
      try (ProcTable table = new ProcTable(net.toString(), () -> {})) {
        table.look(List.of(entries));
      }
      rows.setLength(HEADER.length());
    }

    @Test
    void states_becomeSightings() throws Exception {
      TableEntry open = entry(80, 1);
      TableEntry finished = entry(80, 2);
      TableEntry closedHere = entry(80, 3);
      TableEntry absent = entry(80, 4);
      row(80, 1, 1, 11);
      row(80, 2, 8, 12);
      row(80, 3, 5, 0);
      look(open, finished, closedHere, absent);
      assertThat(open.sighting()).isEqualTo(SocketState.ESTABLISHED);
      assertThat(finished.sighting()).isEqualTo(SocketState.FIN_RECEIVED);
      assertThat(closedHere.sighting()).isEqualTo(SocketState.CLOSED_HERE);
      assertThat(absent.sighting()).isEqualTo(SocketState.MISSING);
      assertThat(absent.wasSeen()).isFalse();
      assertThat(open.home).isEqualTo(TableEntry.Home.TCP);
    }

    @Test
    void anotherInode_isAnotherConnection() throws Exception {
      TableEntry entry = entry(80, 1);
      row(80, 1, 1, 11);
      look(entry);
      row(80, 1, 1, 99);
      look(entry);
      assertThat(entry.sighting()).isEqualTo(SocketState.REPLACED);
    }

    @Test
    void misses_countInARowOnly() throws Exception {
      TableEntry entry = entry(80, 1);
      row(80, 1, 1, 11);
      look(entry);
      look(entry);
      look(entry);
      assertThat(entry.misses()).isEqualTo(2);
      row(80, 1, 1, 11);
      look(entry);
      assertThat(entry.misses()).isZero();
    }

    @Test
    void manyRows_acrossEveryChunkBoundary() throws Exception {
      List<TableEntry> entries = new ArrayList<>();
      for (int port = 1; port <= 3000; port++) {
        row(port, 9, 1, port);
        entries.add(entry(port, 9));
      }
      look(entries.toArray(TableEntry[]::new));
      assertThat(entries).allMatch(each -> each.sighting() == SocketState.ESTABLISHED);
      assertThat(entries).extracting(TableEntry::identity).doesNotHaveDuplicates();
    }

    /** On a machine with thousands of sockets each row that is read costs microseconds. */
    @Test
    void behindTheLastRowThatIsLookedFor_nothingIsRead_G11() throws Exception {
      TableEntry entry = entry(80, 1);
      TableEntry behind = entry(80, 2);
      row(80, 1, 1, 11);
      rows.append("x".repeat(100_000)).append('\n');
      row(80, 2, 1, 12);
      String cannotBeReadToItsEnd = rows.toString();
      look(entry);
      assertThat(entry.sighting()).isEqualTo(SocketState.ESTABLISHED);
      rows.replace(0, rows.length(), cannotBeReadToItsEnd);
      look(entry, behind);
      assertThat(entry.sighting()).isEqualTo(SocketState.UNKNOWN);
    }

    @Test
    void unreadableTable_saysNothing_G7() throws Exception {
      TableEntry entry = entry(80, 1);
      try (ProcTable table = new ProcTable(net.resolve("none").toString(), () -> {})) {
        table.look(List.of(entry));
      }
      assertThat(entry.sighting()).isEqualTo(SocketState.UNKNOWN);
    }

    @Test
    void noIpv6_isNoFault() throws Exception {
      TableEntry entry = entry(80, 1);
      row(80, 1, 8, 11);
      Files.writeString(net.resolve("tcp"), rows);
      try (ProcTable table = new ProcTable(net.toString(), () -> {})) {
        table.look(List.of(entry));
      }
      assertThat(entry.sighting()).isEqualTo(SocketState.FIN_RECEIVED);
    }
  }

  @Test
  void realTable_showsTheLifeOfAConnection() throws Exception {
    try (Wire wire = Wire.open();
        SocketTable table = SocketTables.proc(() -> {})) {
      TableEntry entry = new WatchedConnection(wire.server, false, false).entry();
      table.look(List.of(entry));
      assertThat(entry.sighting()).isEqualTo(SocketState.ESTABLISHED);
      wire.halfClose();
      await()
          .untilAsserted(
              () -> {
                table.look(List.of(entry));
                assertThat(entry.sighting()).isEqualTo(SocketState.FIN_RECEIVED);
              });
      wire.containerWrites();
      wire.reset();
      await()
          .untilAsserted(
              () -> {
                table.look(List.of(entry));
                assertThat(entry.sighting()).isEqualTo(SocketState.MISSING);
              });
    }
  }

  @Test
  void segments_areCounted() throws Exception {
    SegmentGate gate = new SegmentGate(SocketTables.PROC_NET);
    long before = gate.count();
    assertThat(before).isNotNegative();
    try (Wire wire = Wire.open()) {
      wire.send(1);
      await().until(() -> gate.count() > before);
    }
  }

  @Test
  void segments_ofStrangeText_areUnknown() {
    for (String text : new String[] {"", "Tcp: a\n", "Tcp: a\nTcp: 1 2\n", "Udp: 1\nUdp: 2\n"}) {
      byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      assertThat(SegmentGate.inSegments(bytes, bytes.length)).as(text).isEqualTo(-1);
    }
    byte[] bytes =
        "Tcp: a b c d e f g h i InSegs k\nTcp: 1 2 3 -1 5 6 7 8 9 4711 11\n"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThat(SegmentGate.inSegments(bytes, bytes.length)).isEqualTo(4711);
  }
}
