package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.asyncDispatch;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Logs;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.MvcResult;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.test.web.servlet.setup.StandaloneMockMvcBuilder;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

/**
 * Spring's MockMvc with the filter and without it. Its request answers null where a container
 * throws, keeps its AsyncContext from one cycle to the next, and is dispatched by the test.
 */
class MockMvcIT {

  /** An application. */
  @RestController
  static class Answering {

    @GetMapping("/plain")
    String plain(HttpServletRequest request) {
      return "started: " + request.isAsyncStarted() + ", context: " + request.getAsyncContext();
    }

    @GetMapping("/refused")
    ResponseEntity<String> refused() {
      return ResponseEntity.status(HttpStatus.FORBIDDEN).header("Why", "so").body("no");
    }

    @GetMapping("/callable")
    Callable<String> callable() {
      return () -> "called";
    }

    @GetMapping("/entity")
    Callable<ResponseEntity<String>> entity() {
      return () -> ResponseEntity.status(HttpStatus.ACCEPTED).header("Why", "so").body("called");
    }

    @GetMapping("/failing")
    Callable<ResponseEntity<String>> failing() {
      return () -> {
        throw new ResponseStatusException(HttpStatus.CONFLICT);
      };
    }

    @GetMapping("/deferred")
    DeferredResult<String> deferred() {
      DeferredResult<String> result = new DeferredResult<>();
      result.setResult("deferred");
      return result;
    }

    @GetMapping("/future")
    CompletableFuture<String> future() {
      return CompletableFuture.supplyAsync(() -> "in future");
    }

    @GetMapping("/sse")
    SseEmitter sse() throws Exception {
      SseEmitter emitter = new SseEmitter();
      emitter.send("one");
      emitter.send("two");
      emitter.complete();
      return emitter;
    }

    @GetMapping("/emitter")
    ResponseBodyEmitter emitter() throws Exception {
      ResponseBodyEmitter emitter = new ResponseBodyEmitter();
      emitter.send("emitted");
      emitter.complete();
      return emitter;
    }

    @GetMapping("/streaming")
    StreamingResponseBody streaming() {
      return out -> out.write(new byte[] {'s', 't'});
    }
  }

  private static MockMvc mvc(Object controller, Filter... filters) {
    StandaloneMockMvcBuilder builder = MockMvcBuilders.standaloneSetup(controller);
    for (Filter each : filters) {
      builder.addFilter(each, "safe-async", Map.of(), EnumSet.allOf(DispatcherType.class), "/*");
    }
    return builder.build();
  }

  /** Returns what a test sees of a request, and of the dispatch that it makes if there is one. */
  private static List<String> seen(MockMvc mvc, String path) throws Exception {
    List<String> seen = new ArrayList<>();
    MvcResult result = mvc.perform(get(path)).andReturn();
    seen.add(path + " async started: " + result.getRequest().isAsyncStarted());
    if (result.getRequest().isAsyncStarted()) {
      seen.add("its result: " + result.getAsyncResult(10_000));
      result = mvc.perform(asyncDispatch(result)).andReturn();
      seen.add("then: " + result.getRequest().isAsyncStarted());
    }
    MockHttpServletResponse answer = result.getResponse();
    seen.add(answer.getStatus() + " " + answer.getContentType() + " " + answer.getHeader("Why"));
    seen.add(answer.getErrorMessage() + " " + answer.getContentAsString());
    return seen;
  }

  private static List<String> seenOfAll(MockMvc mvc) throws Exception {
    List<String> seen = new ArrayList<>();
    for (String path :
        List.of(
            "/plain",
            "/refused",
            "/none",
            "/callable",
            "/entity",
            "/failing",
            "/deferred",
            "/future",
            "/sse",
            "/emitter",
            "/streaming")) {
      seen.addAll(seen(mvc, path));
    }
    return seen;
  }

  @Test
  void tests_seeWhatTheySeeWithoutTheFilter_G13() throws Exception {
    SafeAsyncFilter filter = new SafeAsyncFilter();
    try (Logs logs = Logs.swallow()) {
      List<String> without = seenOfAll(mvc(new Answering()));
      assertThat(seenOfAll(mvc(new Answering(), filter))).isEqualTo(without);
      assertThat(without)
          .contains(
              "null started: false, context: null",
              "null called",
              "202 text/plain;charset=ISO-8859-1 so");
      assertThat(logs.ofLibrary())
          .noneMatch(each -> each.getLevel().intValue() > Level.INFO.intValue());
    } finally {
      filter.destroy();
    }
  }
}
