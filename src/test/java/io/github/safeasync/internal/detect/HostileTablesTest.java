package io.github.safeasync.internal.detect;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Tries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tables and answers as no kernel writes them: nothing throws, nothing loops. */
@Timeout(600)
class HostileTablesTest {

  private static final int ROUNDS = Tries.of(10_000_000) / (Tries.areAll() ? 1 : 20);
  private static final int FILES = Tries.of(20_000) / (Tries.areAll() ? 1 : 8);

  private static final String IPV4 =
      "  12: 0100007F:1F90 0100007F:D431 08 00000000:00000000 00:00000000 00000000  1000  0 34567 1"
          + " 0000000000000000 20 4 30 10 -1\n";
  private static final String IPV6 =
      "  12: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:D431 01"
          + " 00000000:00000000 00:00000000 00000000  1000        0 34567 1 0000000000000000\n";
  private static final String COUNTS =
      "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets"
          + " CurrEstab InSegs\nTcp: 1 200 120000 -1 5 6 7 8 9 4711\n";

  /** What a mutation puts in: digits, what parts fields and rows, and what is no text. */
  private static final byte[] BYTES = "0123456789ABCDEFabcdef: \n\t-+xg\u0000".getBytes(US_ASCII);

  private final long seed = Long.getLong("safeasync.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @BeforeEach
  void tellTheSeed() {
    System.out.println("-Dsafeasync.seed=" + seed);
  }

  /** Changes a few bytes, and takes out, doubles or cuts off a few. */
  private byte[] mutated(byte[] text) {
    byte[] mutant = text.clone();
    for (int i = 1 + random.nextInt(4); i > 0 && mutant.length > 0; i--) {
      int at = random.nextInt(mutant.length);
      int length = Math.min(mutant.length - at, 1 + random.nextInt(40));
      switch (random.nextInt(5)) {
        case 0 -> mutant[at] = BYTES[random.nextInt(BYTES.length)];
        case 1 -> mutant[at] = (byte) random.nextInt(256);
        case 2 -> mutant = spliced(mutant, at, at + length, at + length);
        case 3 -> mutant = spliced(mutant, at + length, at, at + length);
        default -> mutant = Arrays.copyOf(mutant, at);
      }
    }
    return mutant;
  }

  /** Its beginning up to one place, and all from another on. */
  private static byte[] spliced(byte[] text, int end, int from, int atMost) {
    byte[] whole = Arrays.copyOf(text, end + text.length - Math.min(from, atMost));
    System.arraycopy(text, from, whole, end, text.length - from);
    return whole;
  }

  @Test
  void mutatedRows_areReadOrRefused() {
    RowParser[] parsers = {new RowParser(false), new RowParser(true)};
    byte[][] rows = {IPV4.getBytes(US_ASCII), IPV6.getBytes(US_ASCII)};
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      byte[] row = mutated(rows[i & 1]);
      int start = random.nextInt(row.length + 1);
      RowParser parser = parsers[i >> 1 & 1];
      if (parser.read(row, random.nextBoolean() ? 0 : start, row.length)) {
        assertThat(parser.state & ~0xFF | parser.localPort >>> 16 | parser.remotePort >>> 16)
            .isZero();
      } else {
        refused++;
      }
      parser.inode();
    }
    assertThat(refused).isBetween(ROUNDS / 10, ROUNDS - ROUNDS / 10);
  }

  @Test
  void mutatedCounts_areReadOrUnknown() {
    byte[] counts = COUNTS.getBytes(US_ASCII);
    assertThat(SegmentGate.inSegments(counts, counts.length)).isEqualTo(4711);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] mutant = mutated(counts);
      SegmentGate.inSegments(mutant, mutant.length);
    }
  }

  @Test
  void mutatedTables_tellOfAConnectionOrOfNone(@TempDir Path net) throws Exception {
    byte[][] rows = {IPV4.repeat(150).getBytes(US_ASCII), IPV6.repeat(80).getBytes(US_ASCII)};
    InetAddress loopback = InetAddress.getLoopbackAddress();
    TableEntry entry =
        new TableEntry(
            Endpoints.of(
                new InetSocketAddress(loopback, 0x1F90), new InetSocketAddress(loopback, 0xD431)));
    Files.write(net.resolve("tcp6"), rows[1]);
    try (ProcTable table = new ProcTable(net.toString(), () -> {})) {
      for (int i = 0; i < FILES; i++) {
        Files.write(net.resolve("tcp"), mutated(rows[0]));
        Files.write(net.resolve("tcp6"), mutated(rows[1]));
        table.look(List.of(entry));
        assertThat(entry.sighting()).isNotNull();
      }
    }
  }

  @Test
  void rowsWithoutAnEnd_sayNothing_G7(@TempDir Path net) throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    TableEntry entry =
        new TableEntry(
            Endpoints.of(new InetSocketAddress(loopback, 1), new InetSocketAddress(loopback, 2)));
    Files.write(net.resolve("tcp"), "7".repeat(1_000_000).getBytes(US_ASCII));
    try (ProcTable table = new ProcTable(net.toString(), () -> {})) {
      table.look(List.of(entry));
    }
    assertThat(entry.sighting()).isEqualTo(SocketState.UNKNOWN);
  }

  /** Of a socket that waits to be accepted the row has no inode. */
  @Test
  void rowWithoutAnInode_isNoOtherConnection_G7() {
    TableEntry entry = entry();
    entry.begin();
    entry.found(TableEntry.TCP_ESTABLISHED, 11);
    entry.end();
    entry.begin();
    entry.found(TableEntry.TCP_ESTABLISHED, 0);
    entry.end();
    assertThat(entry.sighting()).isEqualTo(SocketState.MISSING);
    assertThat(entry.misses()).isEqualTo(1);
  }

  private static TableEntry entry() {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return new TableEntry(
        Endpoints.of(
            new InetSocketAddress(loopback, 0x1F90), new InetSocketAddress(loopback, 0xD431)));
  }

  /** Answers as it likes. */
  private abstract static class Kernel implements NetlinkSocket {
    private final ByteBuffer buffer =
        ByteBuffer.allocate(DiagMessage.BUFFER_BYTES).order(ByteOrder.nativeOrder());
    int received;

    @Override
    public ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public long send(long length) {
      return length;
    }

    @Override
    public long receive() {
      received++;
      return answer(buffer);
    }

    abstract long answer(ByteBuffer into);

    @Override
    public void close() {}

    /** As the kernel answers of a connection that stands. */
    static int standing(ByteBuffer into) {
      into.putInt(0, 88).putShort(4, (short) 20);
      into.put(17, (byte) TableEntry.TCP_ESTABLISHED).putLong(60, 4711);
      return 88;
    }
  }

  private static SocketState asked(Kernel kernel, TableEntry entry) {
    try (SockDiag table = new SockDiag(kernel)) {
      table.look(List.of(entry));
    }
    return entry.sighting();
  }

  private static Kernel answering(java.util.function.ToLongFunction<ByteBuffer> answer) {
    return new Kernel() {
      @Override
      long answer(ByteBuffer into) {
        return answer.applyAsLong(into);
      }
    };
  }

  @Test
  void truncatedAnswers_sayNothing_G7() {
    assertThat(asked(answering(Kernel::standing), entry())).isEqualTo(SocketState.ESTABLISHED);
    for (int length = -1; length < 88; length++) {
      int cut = length;
      TableEntry entry = entry();
      Kernel kernel = answering(into -> Math.min(Kernel.standing(into), cut));
      assertThat(asked(kernel, entry)).as("%d bytes", cut).isEqualTo(SocketState.UNKNOWN);
    }
  }

  @Test
  void truncatedErrors_sayNothing_G7() {
    for (int length = 16; length < 36; length++) {
      int cut = length;
      Kernel kernel =
          answering(
              into -> {
                into.putShort(4, (short) 2).putInt(16, -2);
                return cut;
              });
      assertThat(asked(kernel, entry()))
          .isEqualTo(length < 20 ? SocketState.UNKNOWN : SocketState.MISSING);
    }
  }

  @Test
  void answersToOtherQuestions_areReadAFewTimesAndNoMore() {
    Kernel kernel =
        answering(
            into -> {
              Kernel.standing(into);
              into.putInt(8, -1);
              return 88;
            });
    assertThat(asked(kernel, entry())).isEqualTo(SocketState.UNKNOWN);
    assertThat(kernel.received).isLessThan(100);
  }

  @Test
  void mutatedAnswers_tellOfAConnectionOrOfNone() {
    byte[] noise = new byte[128];
    Kernel kernel =
        answering(
            into -> {
              int sequence = into.getInt(8);
              Kernel.standing(into);
              random.nextBytes(noise);
              for (int i = random.nextInt(6); i > 0; i--) {
                into.put(random.nextInt(96), noise[i]);
              }
              if (random.nextBoolean()) {
                into.putInt(8, sequence);
              }
              return random.nextInt(8) == 0 ? random.nextInt(200) - 2 : 88;
            });
    try (SockDiag table = new SockDiag(kernel)) {
      TableEntry entry = entry();
      for (int i = 0; i < ROUNDS; i++) {
        table.look(List.of(entry));
        assertThat(entry.sighting()).isNotNull();
      }
    }
    assertThat(kernel.received).isLessThan(ROUNDS * 17);
  }

  @Test
  void socketThatCannotBeUsed_saysNothing_andThrowsNothing() throws IOException {
    Kernel kernel =
        answering(
            into -> {
              throw new IllegalStateException("closed");
            });
    TableEntry entry = entry();
    assertThat(asked(kernel, entry)).isEqualTo(SocketState.UNKNOWN);
    assertThat(entry.misses()).isZero();
  }
}
