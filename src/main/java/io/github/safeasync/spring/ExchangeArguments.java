package io.github.safeasync.spring;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/** Resolves the library's types as arguments of a controller's method. */
final class ExchangeArguments implements HandlerMethodArgumentResolver {

  /** Of a request that a method has taken into its own hands. */
  static final String TAKEN = ExchangeArguments.class.getName() + ".TAKEN";

  private static final Set<Class<?>> TYPES =
      Set.of(SafeAsyncResponse.class, SseStream.class, CancellationToken.class);

  /** What a method returns that returns nothing, in Java and in Kotlin. */
  private static final Set<String> NOTHING = Set.of("void", "java.lang.Void", "kotlin.Unit");

  @Override
  public boolean supportsParameter(MethodParameter parameter) {
    return TYPES.contains(parameter.getParameterType());
  }

  @Override
  public Object resolveArgument(
      MethodParameter parameter,
      @Nullable ModelAndViewContainer container,
      NativeWebRequest webRequest,
      @Nullable WebDataBinderFactory binders) {
    if (parameter.getParameterType() == CancellationToken.class) {
      return CancellationToken.current();
    }
    refuseReturnValue(parameter);
    HttpServletRequest request = webRequest.getNativeRequest(HttpServletRequest.class);
    if (request == null) {
      throw new IllegalStateException("Not a request of a servlet: " + webRequest);
    }
    request.setAttribute(TAKEN, true);
    if (container != null) {
      container.setRequestHandled(true);
    }
    return parameter.getParameterType() == SseStream.class
        ? SseStream.open(request)
        : SafeAsyncResponse.of(request);
  }

  /** Spring would write it, and nobody would finish the response. */
  private static void refuseReturnValue(MethodParameter parameter) {
    if (parameter.getMethod() != null
        && !NOTHING.contains(parameter.getMethod().getReturnType().getName())) {
      throw new IllegalStateException(
          parameter.getExecutable()
              + " takes a "
              + parameter.getParameterType().getSimpleName()
              + ", by which it answers, and so has to return void; one that returns its answer may take a CancellationToken");
    }
  }
}
