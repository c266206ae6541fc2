package io.github.safeasync.spring;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Answers that are ready and then refused, on the dispatch that would send them. */
@RestController
public class Refused implements WebMvcConfigurer {

  static final List<String> PATHS =
      List.of("/refused/callable", "/refused/entity", "/refused/deferred");

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(new Refusing()).addPathPatterns("/refused/**");
  }

  /** As an interceptor does that looks at each dispatch. */
  private static final class Refusing implements HandlerInterceptor {
    @Override
    public boolean preHandle(
        HttpServletRequest request, HttpServletResponse response, Object handler)
        throws IOException {
      boolean refuses = request.getDispatcherType() == DispatcherType.ASYNC;
      if (refuses) {
        response.sendError(HttpServletResponse.SC_FORBIDDEN, "not you");
      }
      return !refuses;
    }
  }

  @GetMapping({"/refused/callable", "/open/callable"})
  public Callable<String> callable() {
    return () -> "called";
  }

  @GetMapping({"/refused/entity", "/open/entity"})
  public Callable<ResponseEntity<String>> entity() {
    return () -> ResponseEntity.status(HttpStatus.ACCEPTED).header("Why", "so").body("called");
  }

  @GetMapping({"/refused/deferred", "/open/deferred"})
  public DeferredResult<String> deferred() {
    DeferredResult<String> result = new DeferredResult<>();
    result.setResult("deferred");
    return result;
  }
}
