package io.github.safeasync;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import java.util.Enumeration;
import java.util.stream.Collectors;

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
    try {
      builder.read(named(name), filter.getInitParameter(name).trim());
    } catch (MalformedSettingException e) {
      throw new ServletException(where() + " has the init-param " + e.getMessage(), e.getCause());
    }
  }

  private Setting<?> named(String name) throws ServletException {
    for (Setting<?> setting : Setting.ALL) {
      if (setting.name().equals(name)) {
        return setting;
      }
    }
    String known = Setting.ALL.stream().map(Setting::name).collect(Collectors.joining(", "));
    throw new ServletException(
        where() + " has an unknown init-param " + name + "; allowed are: " + known);
  }

  private String where() {
    return "The filter " + filter.getFilterName() + " (" + SafeAsyncFilter.class.getName() + ")";
  }
}
