package io.github.safeasync.demo;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The parameter {@code id}, by which a client recognises its own requests. */
final class Tags {

  static final String ALLOWED = "id must be 1 to 64 letters, digits or hyphens";

  private static final Pattern TAG = Pattern.compile("(?:^|.*&)id=([A-Za-z0-9-]{1,64})(?:&.*|$)");

  private Tags() {}

  /**
   * Returns the tag, or null if there is none or one that is not allowed. It is looked for in the
   * query alone: to ask for a parameter would read the body of a form.
   */
  static @Nullable String of(HttpServletRequest request) {
    Matcher tag = TAG.matcher(String.valueOf(request.getQueryString()));
    return tag.matches() ? tag.group(1) : null;
  }
}
