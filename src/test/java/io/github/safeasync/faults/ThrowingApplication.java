package io.github.safeasync.faults;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.DeafListener;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ReadListener;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/** Each place at which the library calls the application, which throws an Error there. */
enum ThrowingApplication {
  ON_END {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request).onEnd(end -> fault.strike());
    }
  },
  ON_DISCONNECT {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request).onDisconnect(departure -> fault.strike());
    }
  },
  ON_WRITABLE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request).onWritable(fault::strike);
    }

    @Override
    boolean isBefore() {
      return true;
    }
  },
  BOUND_RESOURCE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request).cancelOnDisconnect((AutoCloseable) fault::strike);
    }
  },
  BOUND_FUTURE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request)
          .cancelOnDisconnect(
              new CompletableFuture<>() {
                @Override
                public boolean cancel(boolean mayInterruptIfRunning) {
                  fault.strike();
                  return false;
                }
              });
    }
  },
  SUBSCRIPTION_CANCEL {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      send(request, subscription(() -> {}, fault::strike));
    }
  },
  SUBSCRIPTION_REQUEST {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      send(request, subscription(fault::strike, () -> {}));
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  PUBLISHER_SUBSCRIBE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request).send((Flow.Publisher<ByteBuffer>) reader -> fault.strike());
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  SOURCE_READ {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      send(request, ELSEWHERE, fault::strike, () -> {});
    }

    @Override
    boolean isBefore() {
      return true;
    }
  },
  SOURCE_CLOSE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      send(request, ELSEWHERE, () -> {}, fault::strike);
    }
  },
  EXECUTOR {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      send(request, task -> fault.strike(), () -> {}, () -> {});
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  GUARDED_CALLBACK {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      ELSEWHERE.execute(SafeAsyncResponse.of(request).guard((Runnable) fault::strike));
    }

    @Override
    boolean isBefore() {
      return true;
    }
  },
  ASYNC_LISTENER_ON_ERROR {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      start(request)
          .addListener(
              new DeafListener() {
                @Override
                public void onError(AsyncEvent event) {
                  fault.strike();
                }
              });
    }
  },
  ASYNC_LISTENER_ON_COMPLETE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      start(request)
          .addListener(
              new DeafListener() {
                @Override
                public void onComplete(AsyncEvent event) {
                  fault.strike();
                }
              });
    }
  },
  ASYNC_LISTENER_ON_TIMEOUT {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      AsyncContext context = start(request);
      context.setTimeout(100);
      context.addListener(
          new DeafListener() {
            @Override
            public void onTimeout(AsyncEvent event) {
              fault.strike();
            }
          });
    }

    @Override
    boolean isBefore() {
      return true;
    }
  },
  STARTED_TASK {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      start(request).start(fault::strike);
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  READ_LISTENER_ON_ERROR {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault)
        throws IOException {
      start(request);
      request.getInputStream().setReadListener(new Reading(() -> {}, fault::strike));
    }

    @Override
    boolean isUpload() {
      return true;
    }
  },
  READ_LISTENER_ON_DATA {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault)
        throws IOException {
      start(request);
      request.getInputStream().setReadListener(new Reading(fault::strike, () -> {}));
    }

    @Override
    boolean isUpload() {
      return true;
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  WRITE_LISTENER_ON_ERROR {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault)
        throws IOException {
      start(request);
      response.getOutputStream().setWriteListener(new Writing(() -> {}, fault::strike));
    }
  },
  WRITE_LISTENER_ON_POSSIBLE {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault)
        throws IOException {
      start(request);
      response.getOutputStream().setWriteListener(new Writing(fault::strike, () -> {}));
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  },
  SERVLET {
    @Override
    void serve(HttpServletRequest request, HttpServletResponse response, Fault fault) {
      SafeAsyncResponse.of(request);
      fault.strike();
    }

    @Override
    boolean isBefore() {
      return true;
    }

    @Override
    boolean isLeftToContainer() {
      return true;
    }
  };

  private static final Executor ELSEWHERE = task -> new Thread(task, "elsewhere").start();

  /** Whether it is called while the client is there. */
  boolean isBefore() {
    return false;
  }

  /** Whether the Error goes through the servlet, or out of the container's own call, to it. */
  boolean isLeftToContainer() {
    return false;
  }

  /** Whether it is about a body, of which a part is sent. */
  boolean isUpload() {
    return false;
  }

  abstract void serve(HttpServletRequest request, HttpServletResponse response, Fault fault)
      throws IOException;

  private static AsyncContext start(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    return context;
  }

  private static Flow.Subscription subscription(Runnable onRequest, Runnable onCancel) {
    return new Flow.Subscription() {
      @Override
      public void request(long n) {
        onRequest.run();
      }

      @Override
      public void cancel() {
        onCancel.run();
      }
    };
  }

  private static void send(HttpServletRequest request, Flow.Subscription subscription) {
    SafeAsyncResponse.of(request)
        .send((Flow.Publisher<ByteBuffer>) reader -> reader.onSubscribe(subscription));
  }

  /** A source that never ends. */
  private static void send(
      HttpServletRequest request, Executor reader, Runnable onRead, Runnable onClose) {
    SafeAsyncResponse.of(request)
        .send(
            new InputStream() {
              @Override
              public int read() {
                onRead.run();
                return 'x';
              }

              @Override
              public void close() {
                onClose.run();
              }
            },
            reader);
  }

  private record Reading(Runnable onData, Runnable onFailure) implements ReadListener {
    @Override
    public void onDataAvailable() {
      onData.run();
    }

    @Override
    public void onAllDataRead() {}

    @Override
    public void onError(Throwable failure) {
      onFailure.run();
    }
  }

  private record Writing(Runnable onPossible, Runnable onFailure) implements WriteListener {
    @Override
    public void onWritePossible() {
      onPossible.run();
    }

    @Override
    public void onError(Throwable failure) {
      onFailure.run();
    }
  }
}
