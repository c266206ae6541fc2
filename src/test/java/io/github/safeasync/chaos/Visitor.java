package io.github.safeasync.chaos;

import io.github.safeasync.testkit.TestServer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A client, which keeps its connection as long as it stays. Not thread-safe. */
abstract class Visitor implements AutoCloseable {

  private static final int SHOWN = 300;

  static Visitor of(TestServer server) {
    return server.transport().isHttp2() ? new Http2Visitor(server) : new Http1Visitor(server);
  }

  /** Plays one exchange. */
  abstract void visit(Entry entry) throws Exception;

  @Override
  public abstract void close() throws Exception;

  static void pause(Plan plan) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(plan.clientMillis()));
  }

  static void requireOwn(Entry entry, String heard) {
    String foreign = Lines.foreign(entry.plan(), heard);
    if (foreign != null) {
      entry.fault(Fault.FOREIGN_BYTES, foreign + " in " + shown(heard));
    }
  }

  private static String shown(String body) {
    return body.length() <= SHOWN ? body : body.substring(0, SHOWN) + "… of " + body.length();
  }

  /** What came back, to a client that has stayed to the end. */
  static void judge(Entry entry, int status, String body, boolean complete) {
    requireOwn(entry, body);
    Plan plan = entry.plan();
    int expected = plan.kind() == Kind.ERROR_PAGE ? ServletApplications.ERROR : 200;
    boolean whole = status == expected && complete && Lines.isWhole(plan, body);
    if (plan.isAnswered() && !whole) {
      entry.fault(
          Fault.NO_ANSWER, status + (complete ? " complete: " : " cut off: ") + shown(body));
    }
    entry.left("read " + status + " " + body.length() + (complete ? "" : ", cut off"));
  }
}
