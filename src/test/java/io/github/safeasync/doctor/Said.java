package io.github.safeasync.doctor;

import io.github.safeasync.doctor.client.Doctor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What the doctor has said. */
record Said(int status, String out, String progress) {

  /** Runs it in this JVM. */
  static Said when(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream progress = new ByteArrayOutputStream();
    int status = Doctor.run(List.of(words), printing(out), printing(progress));
    return new Said(
        status, out.toString(StandardCharsets.UTF_8), progress.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream printing(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  /** What it says of each hang-up, such as "FIN PROPAGATES". */
  List<String> verdicts() {
    return out.lines()
        .filter(line -> line.matches("  (FIN|RST|TLS close|HTTP/2 reset) .*"))
        .map(
            line ->
                line.strip()
                    .replaceAll(" +", " ")
                    .replaceAll("( in \\d+ ms)?, (as|after|not) .*", ""))
        .toList();
  }
}
