package io.github.safeasync.chaos;

import io.github.safeasync.testkit.Transport;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One exchange, as its number and the seed of the storm draw it.
 *
 * @param lines of the response
 * @param width of a line
 * @param upload the body's length in bytes
 * @param cut how many bytes of the response are read, or of the upload sent, before the client goes
 * @param clientMillis how long the client waits before it goes
 * @param serverMillis how long the application waits before it answers
 */
record Plan(
    int number,
    Kind kind,
    Zone zone,
    Behaviour behaviour,
    Departure departure,
    int lines,
    int width,
    int upload,
    int cut,
    int clientMillis,
    int serverMillis) {

  private static final int LARGE = 8_000;

  /** Those of {@code -Dsafeasync.kinds=DISPATCH,EVENTS}; by default all. */
  private static final Kind[] KINDS = kinds(System.getProperty("safeasync.kinds"));

  static Plan of(long seed, int number, Transport transport, boolean unchanged) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
    Kind drawn = any(random, KINDS);
    Kind kind = unchanged ? drawn.raw() : drawn;
    Zone zone = random.nextInt(4) == 0 ? any(random, Zone.values()) : Zone.CALM;
    Behaviour behaviour = any(random, Behaviour.values());
    Departure departure = random.nextBoolean() ? Departure.NONE : any(random, Departure.values());
    if (departure == Departure.IN_UPLOAD && !kind.isUpload()
        || departure == Departure.HALF_CLOSE && transport.isHttp2()) {
      departure = Departure.RST;
    }
    if (behaviour == Behaviour.SILENT && departure == Departure.NONE) {
      zone = Zone.HASTY;
    }
    boolean large = random.nextInt(50) == 0;
    return new Plan(
        number,
        kind,
        zone,
        behaviour,
        departure,
        large ? LARGE : 1 + random.nextInt(30),
        random.nextInt(100),
        1 + random.nextInt(large ? 400_000 : 10_000),
        random.nextInt(large ? 400_000 : 1_000),
        random.nextInt(4) == 0 ? 0 : random.nextInt(60),
        random.nextInt(3) == 0 ? 0 : random.nextInt(40));
  }

  private static Kind[] kinds(@Nullable String names) {
    return names == null
        ? Kind.values()
        : Stream.of(names.split(",")).map(Kind::valueOf).toArray(Kind[]::new);
  }

  private static <T> T any(SplittableRandom random, T[] of) {
    return of[random.nextInt(of.length)];
  }

  boolean cutsUpload() {
    return departure == Departure.IN_UPLOAD;
  }

  /** How much of the body is sent. */
  int sent() {
    return cutsUpload() ? Math.min(cut, upload - 1) : upload;
  }

  /** Whether the length of the body is announced; of every other one that of its pieces is. */
  boolean isChunked() {
    return upload % 2 == 0;
  }

  private boolean isLarge() {
    return lines == LARGE;
  }

  /** Whether the client, if it stays, gets the whole answer. */
  boolean isAnswered() {
    return behaviour.answers()
        && departure == Departure.NONE
        && zone != Zone.HASTY
        && !(zone == Zone.REJECTING && isLarge());
  }

  String path() {
    return zone.path() + "/" + kind + "/" + number;
  }
}
