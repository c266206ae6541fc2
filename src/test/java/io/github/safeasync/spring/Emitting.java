package io.github.safeasync.spring;

import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/** Every asynchronous return value of Spring MVC, by a controller that never heard of us. */
@RestController
public class Emitting {

  /** What the application's callbacks were told, in order. */
  static final List<String> HEARD = new CopyOnWriteArrayList<>();

  /** What is pending: an emitter or a result. */
  static final BlockingQueue<Object> PENDING = new LinkedBlockingQueue<>();

  /** When an emitter was told of a failure, by System.nanoTime. */
  static volatile long toldNanos;

  /** Lets what waits in a Callable go on. */
  static volatile CountDownLatch gate = new CountDownLatch(1);

  static void reset() {
    HEARD.clear();
    PENDING.clear();
    gate = new CountDownLatch(1);
  }

  @GetMapping("/deferred")
  public DeferredResult<String> deferred() {
    DeferredResult<String> result = new DeferredResult<>(0L);
    result.onError(failure -> HEARD.add("onError"));
    result.onCompletion(() -> HEARD.add("onCompletion"));
    PENDING.add(result);
    return result;
  }

  @GetMapping("/sse")
  public SseEmitter sse() {
    SseEmitter emitter = new SseEmitter(0L);
    listen(emitter);
    return emitter;
  }

  @GetMapping("/emitter")
  public ResponseBodyEmitter emitter() {
    ResponseBodyEmitter emitter = new ResponseBodyEmitter(0L);
    listen(emitter);
    return emitter;
  }

  private static void listen(ResponseBodyEmitter emitter) {
    emitter.onError(
        failure -> {
          toldNanos = System.nanoTime();
          HEARD.add("onError");
        });
    emitter.onCompletion(() -> HEARD.add("onCompletion"));
    PENDING.add(emitter);
  }

  @GetMapping("/callable")
  public Callable<String> callable() {
    return () -> {
      PENDING.add("callable");
      try {
        gate.await();
      } catch (InterruptedException e) {
        HEARD.add("callable interrupted");
        throw e;
      }
      return "called";
    };
  }

  @GetMapping("/streaming")
  public StreamingResponseBody streaming() {
    return out -> {
      PENDING.add("streaming");
      try {
        gate.await();
      } catch (InterruptedException e) {
        HEARD.add("streaming interrupted");
        throw new InterruptedIOException();
      }
      out.write("streamed".getBytes(StandardCharsets.UTF_8));
    };
  }
}
