package io.github.safeasync.jaxrs;

import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.InvocationHandler;
import java.util.Arrays;
import org.glassfish.jersey.server.model.Invocable;
import org.glassfish.jersey.server.spi.internal.ResourceMethodInvocationHandlerProvider;
import org.jspecify.annotations.Nullable;

/** Has Jersey call each resource method with {@link GuardedArguments}. */
final class GuardedInvocations implements ResourceMethodInvocationHandlerProvider {

  /**
   * Of the request that the calling thread handles. By no annotation of JAX-RS: for WildFly one of
   * them makes a JAX-RS application of each WAR that has the library (WFLYRS0015).
   */
  private final Provider<HttpServletRequest> request;

  @Inject
  GuardedInvocations(Provider<HttpServletRequest> request) {
    this.request = request;
  }

  @Override
  public @Nullable InvocationHandler create(Invocable method) {
    return Arrays.stream(method.getHandlingMethod().getParameterTypes())
            .anyMatch(GuardedArguments::isGuarded)
        ? (resource, called, arguments) -> called.invoke(resource, guarded(arguments))
        : null;
  }

  private Object[] guarded(Object[] arguments) {
    HttpServletRequest now = request.get();
    return Arrays.stream(arguments).map(each -> GuardedArguments.guard(each, now)).toArray();
  }
}
