package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The kernel's table as text, of 20,000 sockets, in which a hundred are looked for. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TableScan {

  /** How many bytes a scan reads. */
  public static final long BYTES = 150L + 20_000 * 150L;

  private static final int PORT = 8080;
  private static final int WATCHED = 100;

  private final List<TableEntry> entries = new ArrayList<>();
  private Path net;
  private ProcTable table;

  /** Writes the table. */
  @Setup
  public void write() throws IOException {
    StringBuilder rows = new StringBuilder();
    rows.append(String.format("%-149s%n", "  sl  local_address rem_address   st tx_queue"));
    for (int i = 0; i < 20_000; i++) {
      String row =
          String.format(
              "%4d: 0100007F:%04X 0100007F:%04X 01 00000000:00000000 00:00000000 00000000  1000"
                  + "        0 %d 1 0000000000000000 20 4 30 10 -1",
              i, PORT, 20_000 + i, 100_000 + i);
      rows.append(String.format("%-149s%n", row));
    }
    net = Files.createTempDirectory("net");
    if (rows.length() != BYTES) {
      throw new IllegalStateException(rows.length() + " bytes were written, not " + BYTES);
    }
    Files.writeString(net.resolve("tcp"), rows);
    table = new ProcTable(net.toString(), () -> {});
    InetAddress loopback = InetAddress.getLoopbackAddress();
    for (int i = 0; i < WATCHED; i++) {
      entries.add(
          new TableEntry(
              Endpoints.of(
                  new InetSocketAddress(loopback, PORT),
                  new InetSocketAddress(loopback, 20_000 + i * 200))));
    }
  }

  /** Removes it. */
  @TearDown
  public void remove() throws IOException {
    Files.delete(net.resolve("tcp"));
    Files.delete(net);
  }

  /** Looks once. */
  @Benchmark
  public SocketState scan() {
    table.look(entries);
    return entries.get(WATCHED - 1).sighting();
  }
}
