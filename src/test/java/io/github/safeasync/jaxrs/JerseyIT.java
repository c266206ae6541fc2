package io.github.safeasync.jaxrs;

import io.github.safeasync.testkit.TestApplication;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;
import org.glassfish.jersey.server.internal.RuntimeDelegateImpl;
import org.glassfish.jersey.servlet.ServletContainer;

/** Jersey in a servlet. */
class JerseyIT extends JaxRsTests {

  JerseyIT() {
    super(new RuntimeDelegateImpl());
  }

  @Override
  void deploy(TestApplication application) {
    ResourceConfig config = new ResourceConfig(Waiting.class);
    // It would warn that there is no JAXB.
    config.property(ServerProperties.WADL_FEATURE_DISABLE, true);
    application.servlet("/*", new ServletContainer(config));
  }
}
