package io.github.safeasync.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Runs a {@code @ParameterizedTest} or {@code @ParameterizedClass} once with each pair of an
 * available {@link Container} and a {@link Transport} as its parameters. Thread-safe, as all
 * annotations.
 *
 * @since 0.1.0
 */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@ArgumentsSource(EveryTransport.Provider.class)
public @interface EveryTransport {

  /** {@return the transports to run on; all unless told} */
  Transport[] value() default {
    Transport.PLAIN, Transport.TLS12, Transport.TLS13, Transport.H2C, Transport.H2
  };

  /**
   * Made by JUnit. Not thread-safe.
   *
   * @since 0.1.0
   */
  final class Provider implements ArgumentsProvider, AnnotationConsumer<EveryTransport> {
    private Set<Transport> transports = Set.of();

    /** For JUnit. */
    public Provider() {}

    @Override
    public void accept(EveryTransport annotation) {
      transports = Set.of(annotation.value());
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return Container.available().stream()
          .flatMap(
              container -> transports.stream().sorted().map(each -> Arguments.of(container, each)));
    }
  }
}
