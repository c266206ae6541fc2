package io.github.safeasync.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;
import org.opentest4j.TestAbortedException;

/**
 * Runs a {@code @ParameterizedTest} or {@code @ParameterizedClass} once with each available {@link
 * Container} as its parameter; skips it where there is none. Thread-safe, as all annotations.
 *
 * @since 0.1.0
 */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@ArgumentsSource(EveryContainer.Provider.class)
public @interface EveryContainer {

  /** {@return whether to leave out containers that have no notion of a WAR} */
  boolean deployingWars() default false;

  /**
   * Made by JUnit. Not thread-safe.
   *
   * @since 0.1.0
   */
  final class Provider implements ArgumentsProvider, AnnotationConsumer<EveryContainer> {
    private boolean deployingWars;

    /** For JUnit. */
    public Provider() {}

    @Override
    public void accept(EveryContainer annotation) {
      deployingWars = annotation.deployingWars();
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      List<Container> found =
          Container.available().stream()
              .filter(container -> !deployingWars || container.canDeployWars())
              .toList();
      if (found.isEmpty()) {
        throw new TestAbortedException("None of " + Container.available() + " deploys a WAR");
      }
      return found.stream().map(Arguments::of);
    }
  }
}
