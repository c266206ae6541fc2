package io.github.safeasync.jaxrs;

import jakarta.servlet.http.HttpServletRequest;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.jboss.resteasy.spi.HttpRequest;
import org.jboss.resteasy.spi.HttpResponse;
import org.jboss.resteasy.spi.InjectorFactory;
import org.jboss.resteasy.spi.ResteasyProviderFactory;
import org.jboss.resteasy.spi.ValueInjector;
import org.jboss.resteasy.spi.metadata.Parameter;
import org.jspecify.annotations.Nullable;

/** What RESTEasy makes an argument by, with {@link GuardedArguments}. */
final class GuardedInjection implements ValueInjector {

  private final ValueInjector own;
  private final ResteasyProviderFactory providers;

  private GuardedInjection(ValueInjector own, ResteasyProviderFactory providers) {
    this.own = own;
    this.providers = providers;
  }

  /**
   * Returns a factory whose injectors guard. A proxy, as its methods differ from one version of
   * RESTEasy to the next, and the factory may be CDI's.
   */
  static InjectorFactory around(InjectorFactory factory) {
    return (InjectorFactory)
        Proxy.newProxyInstance(
            GuardedInjection.class.getClassLoader(),
            new Class<?>[] {InjectorFactory.class},
            (proxy, method, arguments) -> {
              Object made = call(factory, method, arguments);
              return made instanceof ValueInjector injector ? guarding(injector, arguments) : made;
            });
  }

  private static @Nullable Object call(
      InjectorFactory factory, Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(factory, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  /** What it is for is told by a Parameter or by a class, and the providers by the last. */
  private static ValueInjector guarding(ValueInjector injector, Object[] arguments) {
    boolean guards =
        Arrays.stream(arguments)
            .map(each -> each instanceof Parameter parameter ? parameter.getType() : each)
            .anyMatch(each -> each instanceof Class<?> type && GuardedArguments.isGuarded(type));
    return guards && arguments[arguments.length - 1] instanceof ResteasyProviderFactory providers
        ? new GuardedInjection(injector, providers)
        : injector;
  }

  /** Outside of a request there is nothing to guard. */
  @Override
  public @Nullable Object inject(boolean unwrapAsync) {
    return own.inject(unwrapAsync);
  }

  @Override
  public @Nullable Object inject(HttpRequest request, HttpResponse response, boolean unwrapAsync) {
    Object argument = own.inject(request, response, unwrapAsync);
    return GuardedArguments.guard(argument, providers.getContextData(HttpServletRequest.class));
  }
}
