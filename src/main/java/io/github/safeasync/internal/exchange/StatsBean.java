package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SafeAsyncStats.Work;
import io.github.safeasync.SafeAsyncStatsMXBean;
import io.github.safeasync.internal.Log;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * The stats of a filter in JMX. Of all that is in here only {@link #register} may be touched where
 * the JVM may lack the module {@code java.management}.
 */
final class StatsBean implements SafeAsyncStatsMXBean {

  /** As many of one name as a JVM may hold in earnest. */
  private static final int MOST = 1000;

  private final SafeAsyncStats stats;

  private StatsBean(SafeAsyncStats stats) {
    this.stats = stats;
  }

  /**
   * Registers it, if that can be done.
   *
   * @param context the path of the application
   * @return takes it back
   */
  static Handle register(SafeAsyncStats stats, String context, String filter) {
    try {
      return Server.register(new StatsBean(stats), context, filter);
    } catch (LinkageError | RuntimeException e) {
      Log.notInJmx(filter, e);
      return () -> false;
    }
  }

  /** Loaded at its first use. */
  private static final class Server {

    static Handle register(StatsBean bean, String context, String filter) {
      try {
        return registered(bean, context, filter);
      } catch (JMException e) {
        throw new IllegalStateException(e);
      }
    }

    private static Handle registered(StatsBean bean, String context, String filter)
        throws JMException {
      MBeanServer server = ManagementFactory.getPlatformMBeanServer();
      String name =
          "io.github.safeasync:type=SafeAsyncStats,context="
              + ObjectName.quote(context)
              + ",filter="
              + ObjectName.quote(filter);
      for (int instance = 1; instance < MOST; instance++) {
        ObjectName own = new ObjectName(instance == 1 ? name : name + ",instance=" + instance);
        if (isRegistered(server, bean, own)) {
          return () -> unregister(server, own);
        }
      }
      throw new InstanceAlreadyExistsException(name);
    }

    /** Not if another server's application, or another deployment of this one, has the name. */
    private static boolean isRegistered(MBeanServer server, StatsBean bean, ObjectName own)
        throws JMException {
      try {
        server.registerMBean(bean, own);
        return true;
      } catch (InstanceAlreadyExistsException taken) {
        return false;
      }
    }

    private static boolean unregister(MBeanServer server, ObjectName name) {
      try {
        server.unregisterMBean(name);
        return true;
      } catch (JMException e) {
        Log.notInJmx(name, e);
        return false;
      }
    }
  }

  private static double millis(Duration time) {
    return (double) time.toNanos() / TimeUnit.MILLISECONDS.toNanos(1);
  }

  @Override
  public long getOpen() {
    return stats.open();
  }

  @Override
  public long getWatched() {
    return stats.watched();
  }

  @Override
  public long getPendingBytes() {
    return stats.pendingBytes();
  }

  @Override
  public long getCompleted() {
    return stats.ended(End.Kind.COMPLETED);
  }

  @Override
  public long getDisconnected() {
    return stats.ended(End.Kind.DISCONNECTED);
  }

  @Override
  public long getTimedOut() {
    return stats.ended(End.Kind.TIMED_OUT);
  }

  @Override
  public long getFailed() {
    return stats.ended(End.Kind.FAILED);
  }

  @Override
  public long getShutDown() {
    return stats.ended(End.Kind.SHUT_DOWN);
  }

  @Override
  public long getDisconnectedByFin() {
    return stats.disconnected(Evidence.FIN);
  }

  @Override
  public long getDisconnectedByRst() {
    return stats.disconnected(Evidence.RST);
  }

  @Override
  public long getDisconnectedByHttp2Reset() {
    return stats.disconnected(Evidence.HTTP2_RESET);
  }

  @Override
  public long getDisconnectedByConnectionLost() {
    return stats.disconnected(Evidence.CONNECTION_LOST);
  }

  @Override
  public long getDisconnectedByWriteFailed() {
    return stats.disconnected(Evidence.WRITE_FAILED);
  }

  @Override
  public long getDisconnectedByHeartbeat() {
    return stats.disconnected(Evidence.HEARTBEAT);
  }

  @Override
  public long getCancelledFutures() {
    return stats.cancelled(Work.FUTURE);
  }

  @Override
  public long getCancelledQueries() {
    return stats.cancelled(Work.QUERY);
  }

  @Override
  public long getCancelledResources() {
    return stats.cancelled(Work.RESOURCE);
  }

  @Override
  public long getCancelledThreads() {
    return stats.cancelled(Work.THREAD);
  }

  @Override
  public long getDetectionCount() {
    return stats.detection().count();
  }

  @Override
  public double getDetectionMeanMillis() {
    return millis(stats.detection().mean());
  }

  @Override
  public double getDetectionLongestMillis() {
    return millis(stats.detection().longest());
  }

  @Override
  public double getDisconnectedAfterMeanMillis() {
    return millis(stats.disconnectedAfter().mean());
  }

  @Override
  public double getDisconnectedAfterLongestMillis() {
    return millis(stats.disconnectedAfter().longest());
  }
}
