package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.apache.catalina.connector.ClientAbortException;
import org.apache.coyote.CloseNowException;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xnio.channels.WriteTimeoutException;

class ConnectionFailuresTest {

  /** What containers throw, and what applications do; whether it shows a departure in a call. */
  static Stream<Arguments> ofCalls() {
    return Stream.of(
        arguments(new ClientAbortException(new IOException("Broken pipe")), true),
        arguments(new ClientAbortException(new SocketException("Connection reset")), true),
        arguments(new ClientAbortException(new EOFException()), true),
        arguments(new ClientAbortException(new SocketTimeoutException()), false),
        arguments(new CloseNowException("not writable"), true),
        arguments(new EofException(new IOException("Broken pipe")), true),
        arguments(new EofException("reset"), true),
        arguments(new EofException("Closed"), false),
        arguments(new EofException(new TimeoutException("Idle timeout")), false),
        arguments(new IOException(new EofException("reset")), true),
        arguments(new IOException("Broken pipe"), true),
        arguments(new IOException("Connection reset by peer"), true),
        arguments(new SocketException("Connection reset"), true),
        arguments(new ClosedChannelException(), true),
        arguments(new SSLException("Received fatal alert"), true),
        arguments(ofGrizzly("Connection is closed", new IOException("Remotely closed")), true),
        arguments(ofGrizzly("Connection is closed", new EOFException()), true),
        arguments(ofGrizzly("Connection closed", null), true),
        arguments(ofGrizzly("Reset by peer", null), true),
        arguments(ofGrizzly("Closed locally", null), false),
        arguments(ofGrizzly("Connection is closed", new IOException("Locally closed")), false),
        arguments(new IOException("Connection is closed"), false),
        arguments(new ClosedByInterruptException(), false),
        arguments(new WriteTimeoutException("UT000128"), false),
        arguments(new IOException("written 10 < 20 content-length"), false),
        arguments(new IOException("No space left on device"), false),
        arguments(new IllegalStateException("Committed"), false));
  }

  /** As NIOConnection.assertOpen() makes it: Grizzly is not on the class path. */
  private static IOException ofGrizzly(String message, @Nullable Throwable cause) {
    IOException made = new IOException(message, cause);
    made.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement(
              "org.glassfish.grizzly.nio.NIOConnection", "assertOpen", "NIOConnection.java", 1)
        });
    return made;
  }

  @ParameterizedTest
  @MethodSource
  void ofCalls(Throwable failure, boolean departure) {
    assertThat(ConnectionFailures.showDeparture(failure)).isEqualTo(departure);
  }

  /** What a read throws, and whether it says that there is no more of the body to come. */
  static Stream<Arguments> ofReads() {
    return Stream.of(
        arguments(new ClientAbortException(new EOFException()), true),
        arguments(new EofException("Early EOF"), true),
        arguments(new EOFException("The client left before the end"), true),
        arguments(new ClosedChannelException(), true),
        arguments(new IOException("UT000128: Remote peer closed connection"), true),
        arguments(new EofException("Closed"), false),
        arguments(new ClientAbortException(new SocketTimeoutException()), false),
        arguments(new EofException(new TimeoutException("Idle timeout")), false),
        arguments(new ClosedByInterruptException(), false),
        arguments(new IOException("UT000029: Channel was closed mid chunk"), false),
        arguments(new IOException("Invalid chunk size"), false),
        arguments(new IOException((String) null), false));
  }

  @ParameterizedTest
  @MethodSource
  void ofReads(Throwable failure, boolean end) {
    assertThat(ConnectionFailures.showEnd(failure)).isEqualTo(end);
  }

  /** The same, where the container tells of what may be the application's. */
  static Stream<Arguments> ofEvents() {
    return Stream.of(
        arguments(new ClientAbortException(new IOException("Broken pipe")), true),
        arguments(new ClientAbortException(new SocketTimeoutException()), false),
        arguments(new EofException("reset"), true),
        arguments(new TimeoutException("Idle timeout expired: 30000/30000 ms"), false),
        arguments(new IOException("cannot reach the upstream"), false),
        arguments(new UncheckedIOException(new IOException("cannot reach the upstream")), false),
        arguments(new SocketException("Connection reset"), false),
        arguments(new IOException("Broken pipe"), false),
        arguments(new ClosedChannelException(), false));
  }

  @ParameterizedTest
  @MethodSource
  void ofEvents(Throwable told, boolean departure) {
    assertThat(ConnectionFailures.showDeparture(told, null)).isEqualTo(departure);
  }

  /** The container's own exception may be of another connection: this request's decides. */
  @Test
  void ofEvents_connectionThatIsThere_noDeparture() {
    Throwable told = new ClientAbortException(new IOException("Broken pipe"));

    assertThat(ConnectionFailures.showDeparture(told, new Asked(false))).isFalse();
    assertThat(ConnectionFailures.showDeparture(told, new Asked(true))).isTrue();
  }

  /** Tomcat takes a reset that wakes a writer for the end of its patience (Stream). */
  @Test
  void ofCalls_limitOfAStreamThatWasReset_isTheReset() throws Exception {
    Throwable limit = ofTomcat("org.apache.coyote.http2.Stream");
    Throwable ofAll = ofTomcat("org.apache.coyote.http2.Http2UpgradeHandler");

    assertThat(ConnectionFailures.callShowsDeparture(limit, new Stopped(true))).isTrue();
    assertThat(ConnectionFailures.showDeparture(limit, new Stopped(true))).isTrue();
    assertThat(ConnectionFailures.callShowsDeparture(limit, new Stopped(false))).isFalse();
    assertThat(ConnectionFailures.showDeparture(limit, new Stopped(false))).isFalse();
    assertThat(ConnectionFailures.callShowsDeparture(ofAll, new Stopped(true))).isFalse();
  }

  private static Throwable ofTomcat(String thrower) throws ReflectiveOperationException {
    Class<?> error = Class.forName("org.apache.coyote.http2.Http2Error");
    var constructor =
        Class.forName("org.apache.coyote.http2.StreamException")
            .getDeclaredConstructor(String.class, error, int.class);
    constructor.setAccessible(true);
    var calm = error.getField("ENHANCE_YOUR_CALM");
    calm.setAccessible(true);
    Throwable limit = (Throwable) constructor.newInstance("write timeout", calm.get(null), 1);
    StackTraceElement made =
        new StackTraceElement("org.apache.coyote.http2.Stream", "doStreamCancel", null, 0);
    limit.setStackTrace(
        new StackTraceElement[] {
          made, new StackTraceElement(thrower, "reserveWindowSize", null, 0)
        });
    return new ClientAbortException(new CloseNowException("write timeout", limit));
  }

  private static final class Stopped extends ReachedConnection {
    private final boolean reset;

    Stopped(boolean reset) {
      super("stopped", null, true, false);
      this.reset = reset;
    }

    @Override
    public boolean isStreamReset() {
      return reset;
    }
  }

  private static final class Asked extends ReachedConnection {
    private final boolean broken;

    Asked(boolean broken) {
      super("asked", null, false, false);
      this.broken = broken;
    }

    @Override
    public boolean isBroken() {
      return broken;
    }
  }
}
