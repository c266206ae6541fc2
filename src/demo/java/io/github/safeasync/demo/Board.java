package io.github.safeasync.demo;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.sse.SseGroup;
import io.github.safeasync.sse.SseMessage;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What the server knows of its exchanges, told to every page that is open. Thread-safe. All that is
 * sent is sent by one thread, so that a page gets everything once and then each change.
 */
final class Board {

  private static final String ATTRIBUTE = Board.class.getName();
  private static final int REMEMBERED = 100;
  private static final Duration BEAT = Duration.ofSeconds(5);

  /** Tells a page whether it is still the same server that it is connected to. */
  private final String run = UUID.randomUUID().toString();

  private final SseGroup pages = SseGroup.create();
  private final Set<Row> changed = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean telling = new AtomicBoolean();
  private final Latencies latencies = new Latencies();
  private volatile @Nullable ScheduledExecutorService teller;
  private volatile @Nullable Storm storm;

  private final Deque<Row> rows = new ArrayDeque<>();
  private final ServletContext context;
  private long numbered;
  private long savedMillis;

  private Board(ServletContext context) {
    this.context = context;
  }

  /** Returns the board of an application; one without a page has one that tells nobody. */
  static Board of(ServletContext context) {
    synchronized (Board.class) {
      if (!(context.getAttribute(ATTRIBUTE) instanceof Board)) {
        context.setAttribute(ATTRIBUTE, new Board(context));
      }
      return (Board) context.getAttribute(ATTRIBUTE);
    }
  }

  /** From now on pages are told. */
  void start() {
    ScheduledExecutorService started =
        Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("board"));
    // By this a page notices that it has lost its server, where no FIN comes.
    started.scheduleAtFixedRate(
        this::publish, BEAT.toMillis(), BEAT.toMillis(), TimeUnit.MILLISECONDS);
    teller = started;
  }

  void stop() {
    ScheduledExecutorService stopped = teller;
    teller = null;
    if (stopped != null) {
      stopped.shutdownNow();
    }
  }

  /** Opens a row for an exchange. */
  Row open(HttpServletRequest request, String kind, Duration planned) {
    Row row;
    synchronized (this) {
      row = new Row(this, numbered + 1, kind, request, planned);
      numbered++;
      rows.addLast(row);
      if (rows.size() > REMEMBERED) {
        rows.removeFirst();
      }
    }
    tell(row);
    return row;
  }

  /** Returns the youngest row of a client's choice. */
  synchronized Optional<Row> find(String tag) {
    return rows.stream().filter(row -> row.isTagged(tag)).reduce((first, second) -> second);
  }

  synchronized void save(long millis) {
    savedMillis += millis;
  }

  Latencies latencies() {
    return latencies;
  }

  @Nullable Storm storm() {
    return storm;
  }

  /** Begins a storm, unless one is on its way. */
  synchronized boolean begin(Storm next) {
    Storm last = storm;
    if (last != null && !last.isOver()) {
      return false;
    }
    storm = next;
    return true;
  }

  void tell(Row row) {
    changed.add(row);
    tell();
  }

  /** What comes while the pages are told waits for the next time, and is told at once. */
  void tell() {
    if (telling.compareAndSet(false, true)) {
      onTeller(this::publish);
    }
  }

  /** Shows a page everything, and then each change, until it goes. */
  void show(SseStream page, String server) {
    onTeller(
        () -> {
          List<Row> all;
          synchronized (this) {
            all = List.copyOf(rows);
          }
          page.send(message("everything", json(all).put("run", run).put("server", server)));
          pages.add(page);
        });
  }

  private void publish() {
    telling.set(false);
    List<Row> news = new ArrayList<>();
    for (Row each : changed) {
      changed.remove(each);
      news.add(each);
    }
    if (pages.size() > 0) {
      pages.send(message("change", json(news)));
    }
  }

  private Json json(List<Row> shown) {
    Storm latest = storm;
    Json json =
        new Json()
            .put("rows", shown.stream().map(Row::toJson).toList())
            .put("latencies", latencies.toJson())
            .put("storm", latest == null ? null : latest.toJson());
    synchronized (this) {
      json.put("saved", savedMillis);
    }
    return json.put("open", open()).put("ends", ends());
  }

  /** Of the filter's own counts: what a page says and what JMX says is the same. */
  private Map<End.Kind, Long> ends() {
    Map<End.Kind, Long> ends = new EnumMap<>(End.Kind.class);
    for (SafeAsyncStats each : SafeAsyncStats.of(context).values()) {
      for (End.Kind kind : End.Kind.values()) {
        ends.merge(kind, each.ended(kind), Long::sum);
      }
    }
    return ends;
  }

  private long open() {
    return SafeAsyncStats.of(context).values().stream().mapToLong(SafeAsyncStats::open).sum();
  }

  private static SseMessage message(String name, Json json) {
    return SseMessage.of(json.toString()).event(name).retry(Duration.ofSeconds(1));
  }

  private void onTeller(Runnable task) {
    ScheduledExecutorService present = teller;
    try {
      if (present != null) {
        present.execute(task);
      }
    } catch (RejectedExecutionException e) {
      // The application is being stopped.
    }
  }
}
