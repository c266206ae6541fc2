package io.github.safeasync.jaxrs;

import jakarta.ws.rs.RuntimeType;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import org.jboss.resteasy.spi.ResteasyProviderFactory;

/**
 * Has RESTEasy, which finds this class by its service file, guard what resource methods are given.
 * It is named there as RESTEasy's own providers are, not as a service of JAX-RS: Jersey would make
 * one, too. Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public final class ResteasyDiscovery implements Feature {

  /** Makes one, for RESTEasy. */
  public ResteasyDiscovery() {}

  /**
   * Wraps what injects arguments, before resources are registered. Called by RESTEasy.
   *
   * @param context RESTEasy's
   * @return whether there is anything to wrap: a client injects nothing
   */
  @Override
  public boolean configure(FeatureContext context) {
    if (!(context.getConfiguration() instanceof ResteasyProviderFactory factory)
        || factory.getRuntimeType() == RuntimeType.CLIENT) {
      return false;
    }
    factory.setInjectorFactory(GuardedInjection.around(factory.getInjectorFactory()));
    return true;
  }
}
