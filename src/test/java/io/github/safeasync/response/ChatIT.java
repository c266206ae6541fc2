package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;

/** A chat by long polls as it has been written since Servlet 3.0, with the filter merely mapped. */
class ChatIT {

  private static final int SPEAKERS = 4;
  private static final int MESSAGES = 50;

  /** One who is in the room: what was said since the last poll, or the poll that waits for it. */
  private static final class Member implements AsyncListener {
    private final Room room;
    private final String name;
    private final Queue<String> unread = new ArrayDeque<>();
    private AsyncContext parked;

    Member(Room room, String name) {
      this.room = room;
      this.name = name;
    }

    synchronized void poll(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      if (unread.isEmpty()) {
        parked = request.startAsync();
        parked.setTimeout(0);
        parked.addListener(this);
      } else {
        write(response.getWriter());
      }
    }

    synchronized void hear(String message) {
      unread.add(message);
      AsyncContext now = parked;
      if (now != null) {
        parked = null;
        try {
          write(now.getResponse().getWriter());
        } catch (IOException e) {
          room.faults.add(e);
        }
        now.complete();
      }
    }

    private void write(PrintWriter out) {
      for (String message; (message = unread.poll()) != null; ) {
        out.println(message);
      }
    }

    synchronized AsyncContext parked() {
      return parked;
    }

    @Override
    public void onError(AsyncEvent event) {
      room.members.remove(name);
    }

    @Override
    public void onComplete(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  /** The servlet. */
  private static final class Room extends HttpServlet {
    private static final long serialVersionUID = 1;
    private final transient Map<String, Member> members = new ConcurrentHashMap<>();
    private final transient List<Exception> faults = new CopyOnWriteArrayList<>();

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setContentType("text/plain");
      members
          .computeIfAbsent(request.getParameter("name"), name -> new Member(this, name))
          .poll(request, response);
    }

    void say(String message) {
      for (Member member : members.values()) {
        try {
          member.hear(message);
        } catch (RuntimeException e) {
          faults.add(e);
        }
      }
    }

    boolean isParked(String name) {
      Member member = members.get(name);
      return member != null && member.parked() != null;
    }
  }

  private static RawClient enter(TestServer server, Room room, String name) throws IOException {
    RawClient client = RawClient.connect(server).get("/chat?name=" + name);
    Witness.await().until(() -> room.isParked(name));
    return client;
  }

  /** Polls until everything has been heard. */
  private static List<String> listen(RawClient client, String name) throws IOException {
    List<String> heard = new ArrayList<>();
    while (heard.size() < SPEAKERS * MESSAGES) {
      client.readResponse().body().lines().forEach(heard::add);
      client.get("/chat?name=" + name);
    }
    return heard;
  }

  @ParameterizedTest
  @EveryContainer
  void dead_leaveTheRoom_andTheLivingHearEverythingOnce_G1_G6(Container container)
      throws Exception {
    Room room = new Room();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(app -> app.filter(new SafeAsyncFilter()).servlet("/chat", room))) {
      Map<String, RawClient> living = new ConcurrentHashMap<>();
      for (String name : List.of("ann", "bob", "cy")) {
        living.put(name, enter(server, room, name));
      }
      RawClient fin = enter(server, room, "fin");
      RawClient rst = enter(server, room, "rst");
      AsyncContext dead = room.members.get("fin").parked();

      fin.closeFin();
      rst.closeRst();
      Witness.await().atMost(Witness.SOON).until(() -> room.members.size() == living.size());
      assertThat(room.members.keySet()).isEqualTo(living.keySet());
      PrintWriter toNobody = dead.getResponse().getWriter();
      toNobody.println("to nobody");
      assertThat(toNobody.checkError()).isTrue();
      assertThatThrownBy(() -> dead.getResponse().flushBuffer()).isInstanceOf(IOException.class);
      assertThatCode(dead::complete).doesNotThrowAnyException();

      List<RawClient> leaving = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        leaving.add(enter(server, room, "leaving" + i));
      }
      List<Callable<List<String>>> listeners = new ArrayList<>();
      living.forEach((name, client) -> listeners.add(() -> listen(client, name)));
      List<Future<List<String>>> heard = listeners.stream().map(threads::submit).toList();
      List<Future<?>> speaking = new ArrayList<>();
      for (int speaker = 0; speaker < SPEAKERS; speaker++) {
        String prefix = speaker + " ";
        speaking.add(
            threads.submit(() -> IntStream.range(0, MESSAGES).forEach(i -> room.say(prefix + i))));
      }
      for (int i = 0; i < leaving.size(); i++) {
        if (i % 2 == 0) {
          leaving.get(i).closeFin();
        } else {
          leaving.get(i).closeRst();
        }
      }
      for (Future<?> each : speaking) {
        each.get(30, SECONDS);
      }
      for (Future<List<String>> each : heard) {
        List<String> all = each.get(30, SECONDS);
        assertThat(all).hasSize(SPEAKERS * MESSAGES).doesNotHaveDuplicates();
        for (int speaker = 0; speaker < SPEAKERS; speaker++) {
          String prefix = speaker + " ";
          assertThat(all.stream().filter(it -> it.startsWith(prefix)))
              .containsExactlyElementsOf(
                  IntStream.range(0, MESSAGES).mapToObj(i -> prefix + i).toList());
        }
      }
      assertThat(room.faults).isEmpty();
      logs.assertQuiet();
    } finally {
      threads.shutdownNow();
    }
  }
}
