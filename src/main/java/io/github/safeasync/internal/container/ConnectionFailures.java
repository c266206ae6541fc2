package io.github.safeasync.internal.container;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.InterruptedByTimeoutException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The single answer to the question whether an exception means that the client has gone.
 *
 * <p>An application has connections of its own, to databases and other servers, and those fail in
 * the same words. So it matters who threw: a call of the container's stream, or anybody.
 */
public final class ConnectionFailures {

  private static final int MOST_CAUSES = 8;

  /** How far down a trace the socket's own frames are: below those that throw and that try. */
  private static final int SOCKET_FRAMES = 12;

  /** What the containers throw for nothing but a connection or a stream that is gone. */
  private static final Set<String> OF_CONTAINERS =
      Set.of(
          "org.apache.catalina.connector.ClientAbortException",
          "org.apache.coyote.CloseNowException",
          "org.eclipse.jetty.io.EofException",
          "org.eclipse.jetty.server.internal.HttpConnection$HttpEofException",
          "com.ibm.ws.http2.upgrade.H2Exception");

  /** UndertowMessages.couldNotReadContentLengthData: the rest is in its user's language. */
  private static final String UNDERTOW_END = "UT000128";

  /** UndertowMessages.responseComplete. */
  private static final String UNDERTOW_SENT = "UT000127";

  private static final Set<String> TIMEOUTS =
      Set.of("org.xnio.channels.ReadTimeoutException", "org.xnio.channels.WriteTimeoutException");

  private static final String GRIZZLY = "org.glassfish.grizzly.";

  /** Who reads from and writes to the connections of requests. */
  private static final String[] CONTAINERS = {
    "org.apache.catalina.",
    "org.apache.coyote.",
    "org.apache.tomcat.",
    "org.eclipse.jetty.",
    GRIZZLY,
    "io.undertow.",
    "org.xnio."
  };

  private static final Set<String> GRIZZLY_CLOSED =
      Set.of(
          "Connection is closed", "Connection closed", "closed", "Reset by peer", "Closed by peer");

  private static final String[] SOCKETS = {
    "sun.nio.ch.SocketChannelImpl",
    "sun.nio.ch.UnixAsynchronousSocketChannelImpl",
    "sun.nio.ch.WindowsAsynchronousSocketChannelImpl"
  };

  private ConnectionFailures() {}

  /**
   * Returns whether the failure of a call means that the client has gone; of a call of the
   * container's own request, response or stream, and of no other.
   *
   * @param ofCall what the container threw
   */
  public static boolean showDeparture(Throwable ofCall) {
    return !isOfThisSide(ofCall) && any(ofCall, ConnectionFailures::isOfConnection);
  }

  /**
   * As {@link #showDeparture(Throwable)}, where what is peculiar to the container is known: it may
   * have closed the connection by itself, as a time of its own was over, and say no more than that.
   *
   * @param ofCall what the container threw
   * @param quirks of the request's container, if known
   */
  public static boolean callShowsDeparture(Throwable ofCall, @Nullable Quirks quirks) {
    return isReset(ofCall, quirks) || (showDeparture(ofCall) && !isTimedOut(ofCall, quirks));
  }

  /** Where the client was first, the limit is none. */
  private static boolean isReset(Throwable failure, @Nullable Quirks quirks) {
    return quirks != null
        && any(failure, at -> (isLimit(at) && !isOfWholeConnection(at)) || isOfEnded(at))
        && quirks.isStreamReset();
  }

  /** HttpServerExchange of quarkus-http takes a response for sent as its client leaves. */
  private static boolean isOfEnded(Throwable at) {
    return at instanceof IllegalStateException
        && String.valueOf(at.getMessage()).startsWith(UNDERTOW_SENT);
  }

  /** A limit over which Tomcat closes the connection itself, and so resets all of its streams. */
  private static boolean isOfWholeConnection(Throwable limit) {
    StackTraceElement[] trace = limit.getStackTrace();
    return trace.length > 1
        && trace[1].getClassName().equals("org.apache.coyote.http2.Http2UpgradeHandler");
  }

  private static boolean isTimedOut(Throwable failure, @Nullable Quirks quirks) {
    return quirks != null
        && any(failure, at -> at.getClass() == ClosedChannelException.class)
        && quirks.isTimedOut();
  }

  /**
   * Returns whether a failure that the container has told means that the client has gone. It may be
   * one that the application has thrown, and come from a connection of its own, which the
   * container's own client has or another request's: so the connection is asked as well.
   *
   * @param told the exception of an event
   * @param connection the connection of the request, if known
   */
  public static boolean showDeparture(Throwable told, @Nullable Connection connection) {
    if (connection != null && isReset(told, connection.quirks())) {
      return true;
    }
    return !isOfThisSide(told)
        && any(told, ConnectionFailures::isOfContainer)
        && (connection == null
            || (connection.isBroken() && !isTimedOut(told, connection.quirks())));
  }

  /**
   * Returns whether the failure of a read means that the client has reset its connection. A body
   * that only ends too early does not: its client may have closed its sending side alone.
   *
   * @param ofCall what the container's stream of the request threw
   */
  public static boolean showReset(Throwable ofCall) {
    return !isOfThisSide(ofCall)
        && any(ofCall, at -> at instanceof IOException && (isInWords(at) || isOfSocket(at)));
  }

  /**
   * Returns whether the failure of a read means that the connection, or the stream, has ended
   * before the body: its client has gone, or has closed its sending side alone.
   *
   * @param ofCall what the container's stream of the request threw, or the library for it
   */
  public static boolean showEnd(Throwable ofCall) {
    return !isOfThisSide(ofCall) && any(ofCall, ConnectionFailures::isOfEnd);
  }

  /**
   * Returns the failure of the connection that containers wrap where they read a body to its end;
   * null if there is none.
   *
   * @param ofCall what the container's request threw
   */
  public static @Nullable IOException ofConnection(Throwable ofCall) {
    return (IOException) first(ofCall, IOException.class::isInstance);
  }

  private static boolean isOfEnd(Throwable at) {
    String message = at.getMessage();
    return at instanceof EOFException
        || at instanceof ClosedChannelException
        || OF_CONTAINERS.contains(at.getClass().getName())
        || (at instanceof IOException && message != null && message.startsWith(UNDERTOW_END));
  }

  private interface Question {
    boolean holds(Throwable of);
  }

  private static boolean any(Throwable failure, Question question) {
    return first(failure, question) != null;
  }

  private static @Nullable Throwable first(Throwable failure, Question question) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < MOST_CAUSES; depth++) {
      if (question.holds(at)) {
        return at;
      }
      at = at.getCause();
    }
    return null;
  }

  /** A time of ours is over, or a thread of ours interrupted: the client may still be there. */
  private static boolean isOfThisSide(Throwable failure) {
    return any(
        failure,
        at ->
            at instanceof TimeoutException
                || at instanceof InterruptedIOException
                || at instanceof InterruptedException
                || at instanceof InterruptedByTimeoutException
                || at instanceof AsynchronousCloseException
                || TIMEOUTS.contains(at.getClass().getName())
                || isClosedStream(at)
                || isLimit(at));
  }

  /**
   * Returns whether this is what a container throws for a connection that is gone and for nothing
   * else, whoever has closed it: the container too as it stops, and it logs none of them itself.
   *
   * @param told the exception of an event
   */
  public static boolean isOfContainersAlone(Throwable told) {
    return any(told, at -> OF_CONTAINERS.contains(at.getClass().getName()));
  }

  /**
   * Returns whether this is Jetty's exception for a stream that is closed: by the application, or
   * by Jetty as a write before has failed. Why that failed is then told to the WriteListener.
   *
   * @param at an exception of a call of the container's stream
   */
  public static boolean isClosedStream(Throwable at) {
    return at.getClass().getName().equals("org.eclipse.jetty.io.EofException")
        && "Closed".equals(at.getMessage());
  }

  /** Tomcat's StreamException for a client of HTTP/2 that has taken nothing for too long. */
  private static boolean isLimit(Throwable at) {
    return at.getClass().getName().equals("org.apache.coyote.http2.StreamException")
        && "ENHANCE_YOUR_CALM".equals(String.valueOf(Members.read(at, "getError()")));
  }

  private static boolean isOfConnection(Throwable at) {
    return OF_CONTAINERS.contains(at.getClass().getName())
        || at instanceof SocketException
        || at instanceof ClosedChannelException
        || at instanceof SSLException
        || (at instanceof IOException && (isInWords(at) || isOfSocket(at) || isOfGrizzly(at)));
  }

  /**
   * What NIOConnection.assertOpen(), TaskQueue, Http2Stream.assertOpen() and
   * DefaultOutputSink.assertReady() throw of a connection or stream that is closed; its cause is
   * why, and CloseReason says in these words that the server itself has closed it.
   */
  private static boolean isOfGrizzly(Throwable at) {
    Throwable why = at.getCause();
    return GRIZZLY_CLOSED.contains(String.valueOf(at.getMessage()))
        && isMadeBy(at, GRIZZLY)
        && !(why != null && "Locally closed".equals(why.getMessage()));
  }

  /** Also those that were made without a trace, or far below. */
  private static boolean isInWords(Throwable at) {
    String message = at.getMessage();
    return message != null
        && (message.equals("Broken pipe") || message.startsWith("Connection reset"));
  }

  /** The words for a lost connection are the operating system's, in its user's language. */
  private static boolean isOfSocket(Throwable at) {
    StackTraceElement[] trace = at.getStackTrace();
    for (int i = 0; i < trace.length && i < SOCKET_FRAMES; i++) {
      if (startsWithAny(trace[i].getClassName(), SOCKETS)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOfContainer(Throwable at) {
    return OF_CONTAINERS.contains(at.getClass().getName())
        || (at instanceof IOException && isMadeBy(at, CONTAINERS));
  }

  /** Whether the first to be named in the trace, below the JDK, is one of those. */
  private static boolean isMadeBy(Throwable at, String... packages) {
    for (StackTraceElement frame : at.getStackTrace()) {
      String type = frame.getClassName();
      if (!startsWithAny(type, "java.", "javax.", "sun.", "jdk.")) {
        return startsWithAny(type, packages);
      }
    }
    return false;
  }

  private static boolean startsWithAny(String type, String... prefixes) {
    for (String prefix : prefixes) {
      if (type.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }
}
