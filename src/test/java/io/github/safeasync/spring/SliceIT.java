package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Logs;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.MvcResult;
import org.springframework.util.ClassUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A test of a web slice sees the filter and the arguments, with Spring Boot 3.5 and 4. The
 * annotation has another name in each, so the test's class is compiled when it is known.
 */
public class SliceIT {

  private static final List<String> ANNOTATIONS =
      List.of(
          "org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest",
          "org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest");

  /** As somebody writes it who tests the controller below. */
  private static final String SLICE =
      """
      package io.github.safeasync.spring.slice;

      @%s(properties = "spring.autoconfigure.exclude=%s")
      @org.springframework.context.annotation.Import(
          io.github.safeasync.spring.SliceIT.Answering.class)
      public class Slice {

        @org.springframework.boot.SpringBootConfiguration
        @org.springframework.boot.autoconfigure.EnableAutoConfiguration
        public static class Application {}

        @org.springframework.beans.factory.annotation.Autowired
        public org.springframework.test.web.servlet.MockMvc mvc;
      }
      """;

  /** A controller that is tested. */
  @RestController
  public static class Answering {

    @GetMapping("/token")
    public String token(CancellationToken token) {
      return "cancelled: " + token.isCancelled();
    }

    @GetMapping("/written")
    public void written(SafeAsyncResponse response) {
      response.write("written");
      response.finish();
    }
  }

  @TempDir Path classes;

  @Test
  void webMvcTest_hasTheFilterAndTheArguments() throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (Logs logs = Logs.swallow();
        URLClassLoader loader = new URLClassLoader(new URL[] {compiled()}, before)) {
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> slice = loader.loadClass("io.github.safeasync.spring.slice.Slice");
      Object test = slice.getConstructor().newInstance();
      TestContextManager manager = new TestContextManager(slice);
      manager.prepareTestInstance(test);
      MockMvc mvc = (MockMvc) slice.getField("mvc").get(test);
      assertThat(mvc.perform(get("/token")).andReturn().getResponse().getContentAsString())
          .isEqualTo("cancelled: false");
      MvcResult written = mvc.perform(get("/written")).andReturn();
      await().until(() -> written.getResponse().getContentAsString().equals("written"));
      manager.getTestContext().markApplicationContextDirty(null);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private URL compiled() throws Exception {
    String annotation =
        ANNOTATIONS.stream()
            .filter(name -> ClassUtils.isPresent(name, getClass().getClassLoader()))
            .findFirst()
            .orElseThrow();
    Path source =
        Files.writeString(
            classes.resolve("Slice.java"), SLICE.formatted(annotation, Boot.SECURITY));
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-classpath",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(result).isZero();
    return classes.toUri().toURL();
  }
}
