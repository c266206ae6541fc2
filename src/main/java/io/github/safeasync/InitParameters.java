package io.github.safeasync;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import java.util.Enumeration;

/** The init-params of the filter: an unknown or malformed one stops the deployment. */
final class InitParameters {

  private final FilterConfig filter;

  private InitParameters(FilterConfig filter) {
    this.filter = filter;
  }

  /** Reads all init-params of a filter on top of what it was given in code. */
  static SafeAsyncConfig read(FilterConfig filter, SafeAsyncConfig base) throws ServletException {
    SafeAsyncConfig.Builder builder = base.toBuilder();
    InitParameters parameters = new InitParameters(filter);
    for (Enumeration<String> names = filter.getInitParameterNames(); names.hasMoreElements(); ) {
      parameters.read(names.nextElement(), builder);
    }
    return builder.build();
  }

  private void read(String name, SafeAsyncConfig.Builder builder) throws ServletException {
    Setting<?> setting =
        Setting.named(name)
            .orElseThrow(
                () ->
                    new ServletException(
                        where()
                            + " has an unknown init-param "
                            + name
                            + "; allowed are: "
                            + Setting.names()));
    try {
      builder.read(setting, filter.getInitParameter(name));
    } catch (MalformedSettingException e) {
      throw new ServletException(where() + " has the init-param " + e.getMessage(), e.getCause());
    }
  }

  private String where() {
    return "The filter " + filter.getFilterName() + " (" + SafeAsyncFilter.class.getName() + ")";
  }
}
