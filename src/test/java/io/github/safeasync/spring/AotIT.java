package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Logs;
import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GeneratedFiles.Kind;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.context.annotation.AnnotatedBeanDefinitionReader;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.core.io.InputStreamSource;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.javapoet.ClassName;
import org.springframework.web.context.support.GenericWebApplicationContext;

/**
 * An application with the library is processed ahead of time, and starts from what was generated in
 * a JVM of its own, as a native image would.
 */
class AotIT {

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  @TempDir Path directory;

  @Test
  void processedAheadOfTime_startsFromWhatWasGenerated() throws Exception {
    String initializer = generate();

    Process application =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-classpath",
                directory + File.pathSeparator + CLASS_PATH,
                AotApplication.class.getName(),
                initializer)
            .redirectErrorStream(true)
            .start();
    String said = new String(application.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(said)
        .contains("registered with {timeout=10s}")
        .contains("arguments resolved")
        .contains("a io.github.safeasync.jdbc.SafeAsyncDataSource")
        .contains("a io.github.safeasync.http.BoundHttpClient")
        .contains("a io.github.safeasync.http.SafeAsyncRequestFactory");
  }

  /** Returns the name of what initializes a context. */
  private String generate() throws Exception {
    InMemoryGeneratedFiles files = new InMemoryGeneratedFiles();
    DefaultGenerationContext generation =
        new DefaultGenerationContext(
            new ClassNameGenerator(ClassName.get(AotApplication.class)), files);
    ClassName initializer;
    try (Logs logs = Logs.swallow();
        GenericWebApplicationContext context = AotApplication.context()) {
      new AnnotatedBeanDefinitionReader(context).register(AotApplication.class);
      initializer = new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
      generation.writeGeneratedContent();
    }
    assertThat(generation.getRuntimeHints())
        .matches(
            RuntimeHintsPredicates.reflection()
                .onType(JdkClientHttpRequestFactory.class)
                .withMemberCategory(MemberCategory.DECLARED_FIELDS));
    compile(files.getGeneratedFiles(Kind.SOURCE));
    return initializer.reflectionName();
  }

  private void compile(Map<String, InputStreamSource> sources) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("-proc:none", "-nowarn", "-classpath", CLASS_PATH, "-d", directory.toString()));
    for (Map.Entry<String, InputStreamSource> each : sources.entrySet()) {
      Path file = directory.resolve(each.getKey());
      Files.createDirectories(file.getParent());
      try (InputStream source = each.getValue().getInputStream()) {
        Files.copy(source, file);
      }
      arguments.add(file.toString());
    }
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, arguments.toArray(String[]::new)))
        .isZero();
  }
}
