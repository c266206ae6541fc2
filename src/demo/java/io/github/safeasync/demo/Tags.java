package io.github.safeasync.demo;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The parameter {@code id}, by which a client recognises its own requests. */
final class Tags {

  static final String ALLOWED = "id must be 1 to 64 letters, digits or hyphens";

  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9-]{1,64}");

  private Tags() {}

  /** Returns the tag, or null if there is none or one that is not allowed. */
  static @Nullable String of(HttpServletRequest request) {
    String id = request.getParameter("id");
    return id != null && TAG.matcher(id).matches() ? id : null;
  }
}
