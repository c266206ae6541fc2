package io.github.safeasync.chaos;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Over HTTP/2: one that leaves a stream opens the next on the same connection. */
final class Http2Visitor extends Visitor {

  private final TestServer server;
  private Http2Client client;

  Http2Visitor(TestServer server) {
    this.server = server;
  }

  @Override
  void visit(Entry entry) throws Exception {
    Plan plan = entry.plan();
    if (client == null) {
      client = Http2Client.connect(server);
    }
    try {
      Http2Exchange exchange = send(plan);
      if (plan.departure() == Departure.NONE) {
        RawResponse.End end = exchange.awaitEnd();
        if (end == RawResponse.End.TRUNCATED && !entry.isServed()) {
          // As a server may: Tomcat closes a connection on which many streams are reset.
          close();
          return;
        }
        int status = end == RawResponse.End.COMPLETE ? exchange.awaitStatus() : 0;
        judge(entry, status, exchange.bodySoFar(), end == RawResponse.End.COMPLETE);
      } else {
        leave(plan, exchange);
        requireOwn(entry, exchange.bodySoFar());
      }
    } catch (Exception closed) {
      if (plan.isAnswered()) {
        entry.fault(Fault.NO_ANSWER, closed.toString());
      }
      close();
    } finally {
      entry.left(String.valueOf(plan.departure()));
    }
  }

  private Http2Exchange send(Plan plan) throws Exception {
    if (!plan.kind().isUpload()) {
      return plan.departure() == Departure.NEVER_READS
          ? client.getUnread(plan.path())
          : client.get(plan.path());
    }
    Http2Exchange exchange =
        client.post(plan.path(), Map.of("content-length", Integer.toString(plan.upload())));
    exchange.send(ByteBuffer.allocate(plan.sent()), !plan.cutsUpload());
    return exchange;
  }

  private void leave(Plan plan, Http2Exchange exchange) throws Exception {
    pause(plan);
    switch (plan.departure()) {
      case FIN -> {
        client.goAwayAndClose();
        client = null;
      }
      case ABRUPT -> {
        client.closeRst();
        client = null;
      }
      case IN_RESPONSE -> {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        while (exchange.bodyBytes().length < plan.cut()
            && !exchange.end().isDone()
            && System.nanoTime() < until) {
          Thread.sleep(1);
        }
        exchange.reset();
      }
      case RST, HALF_CLOSE, IN_UPLOAD, NEVER_READS, TRICKLE -> exchange.reset();
      case NONE -> throw new AssertionError(plan);
    }
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
      client = null;
    }
  }
}
