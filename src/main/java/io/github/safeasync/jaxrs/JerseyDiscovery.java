package io.github.safeasync.jaxrs;

import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import java.util.List;
import org.glassfish.jersey.InjectionManagerProvider;
import org.glassfish.jersey.internal.inject.Binding;
import org.glassfish.jersey.internal.spi.AutoDiscoverable;
import org.glassfish.jersey.server.spi.internal.ResourceMethodInvocationHandlerProvider;
import org.jspecify.annotations.Nullable;

/**
 * Has Jersey, which finds this class by its service file, guard what resource methods are given.
 */
final class JerseyDiscovery implements AutoDiscoverable {

  /** What makes bindings in Jersey 3, and in Jersey 4. */
  private static final List<String> MAKERS =
      List.of(
          "org.glassfish.jersey.internal.inject.Bindings",
          "org.glassfish.jersey.innate.inject.Bindings");

  /** By a feature, as nothing can be bound before those are configured. */
  @Override
  public void configure(FeatureContext context) {
    Feature feature = JerseyDiscovery::bind;
    context.register(feature);
  }

  private static boolean bind(FeatureContext context) {
    for (String maker : MAKERS) {
      Binding<?, ?> binding = binding(maker);
      if (binding != null) {
        binding.to(ResourceMethodInvocationHandlerProvider.class);
        binding.in(Singleton.class);
        InjectionManagerProvider.getInjectionManager(context).register(binding);
        return true;
      }
    }
    return false;
  }

  /** Returns null if it is another version's. */
  private static @Nullable Binding<?, ?> binding(String maker) {
    try {
      return (Binding<?, ?>)
          Class.forName(maker, true, AutoDiscoverable.class.getClassLoader())
              .getMethod("service", Class.class)
              .invoke(null, GuardedInvocations.class);
    } catch (ReflectiveOperationException otherVersion) {
      return null;
    }
  }
}
