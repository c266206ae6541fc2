package io.github.safeasync.jaxrs;

import io.github.safeasync.testkit.TestApplication;
import java.util.List;
import org.jboss.resteasy.core.ResteasyDeploymentImpl;
import org.jboss.resteasy.plugins.server.servlet.HttpServlet30Dispatcher;
import org.jboss.resteasy.spi.ResteasyDeployment;
import org.jboss.resteasy.spi.ResteasyProviderFactory;

/** RESTEasy in a servlet. */
class ResteasyIT extends JaxRsTests {

  ResteasyIT() {
    super(ResteasyProviderFactory.newInstance());
  }

  @Override
  void deploy(TestApplication application) {
    ResteasyDeployment deployment = new ResteasyDeploymentImpl();
    deployment.setActualResourceClasses(List.of(Waiting.class));
    deployment.start();
    application
        .attribute(ResteasyDeployment.class.getName(), deployment)
        .servlet("/*", new HttpServlet30Dispatcher());
  }
}
