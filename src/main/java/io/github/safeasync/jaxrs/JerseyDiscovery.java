package io.github.safeasync.jaxrs;

import jakarta.inject.Singleton;
import jakarta.ws.rs.core.FeatureContext;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.internal.spi.AutoDiscoverable;
import org.glassfish.jersey.server.spi.internal.ResourceMethodInvocationHandlerProvider;

/**
 * Has Jersey, which finds this class by its service file, guard what resource methods are given.
 */
final class JerseyDiscovery implements AutoDiscoverable {

  @Override
  public void configure(FeatureContext context) {
    context.register(
        new AbstractBinder() {
          @Override
          protected void configure() {
            bind(GuardedInvocations.class)
                .to(ResourceMethodInvocationHandlerProvider.class)
                .in(Singleton.class);
          }
        });
  }
}
