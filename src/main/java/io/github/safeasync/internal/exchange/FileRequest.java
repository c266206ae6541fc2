package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.HttpDate;
import jakarta.servlet.http.HttpServletRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for of a file: its conditions and its range (RFC 9110 sections 13 and 14).
 * Several ranges at once are answered with the whole, as section 14.2 allows.
 */
record FileRequest(String method, Map<String, String> headers) {

  private static final List<String> NAMES =
      List.of(
          "If-Match",
          "If-Unmodified-Since",
          "If-None-Match",
          "If-Modified-Since",
          "If-Range",
          "Range");

  private static final Pattern ENTITY_TAG = Pattern.compile("(W/)?(\"[^\"\\s]*\")");
  private static final Pattern RANGE =
      Pattern.compile("(?i:bytes)=\\s*(?:(\\d+)-(\\d*)|-(\\d+))\\s*");

  /** A file at one moment. */
  record Version(long length, Instant modified, String entityTag) {

    boolean isStrong() {
      return !entityTag.startsWith("W/");
    }
  }

  /** What is sent: a status, and how many bytes from where on. */
  record Answer(int status, long from, long length) {

    static Answer without(int status) {
      return new Answer(status, 0, 0);
    }

    static Answer whole(Version file) {
      return new Answer(200, 0, file.length);
    }
  }

  static FileRequest of(HttpServletRequest request) {
    Map<String, String> values = new HashMap<>();
    for (String name : NAMES) {
      List<String> lines = Collections.list(request.getHeaders(name));
      if (!lines.isEmpty()) {
        values.put(name, String.join(", ", lines));
      }
    }
    return new FileRequest(request.getMethod(), values);
  }

  static FileRequest unconditional(String method) {
    return new FileRequest(method, Map.of());
  }

  boolean isHead() {
    return method.equals("HEAD");
  }

  /** In the order of section 13.2.2. */
  Answer answer(Version file) {
    if (!method.equals("GET") && !isHead()) {
      return Answer.whole(file);
    }
    String ifMatch = headers.get("If-Match");
    Instant unmodifiedSince = date("If-Unmodified-Since");
    if (ifMatch != null
        ? !names(ifMatch, file, true)
        : unmodifiedSince != null && isLater(file, unmodifiedSince)) {
      return Answer.without(412);
    }
    String ifNoneMatch = headers.get("If-None-Match");
    Instant modifiedSince = date("If-Modified-Since");
    if (ifNoneMatch != null
        ? names(ifNoneMatch, file, false)
        : modifiedSince != null && !isLater(file, modifiedSince)) {
      return Answer.without(304);
    }
    String range = headers.get("Range");
    return range == null || isHead() || !isInRange(file) ? Answer.whole(file) : part(range, file);
  }

  /** Section 8.8.3.2: a strong comparison takes no weak tag. */
  private static boolean names(String tags, Version file, boolean strong) {
    if (tags.strip().equals("*")) {
      return true;
    }
    String wanted = file.isStrong() ? file.entityTag : file.entityTag.substring(2);
    for (Matcher tag = ENTITY_TAG.matcher(tags); tag.find(); ) {
      boolean fits = !strong || (file.isStrong() && tag.group(1) == null);
      if (fits && tag.group(2).equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLater(Version file, Instant than) {
    return file.modified.getEpochSecond() > than.getEpochSecond();
  }

  /** Section 13.1.5: a part of another version must not be put to what the client has. */
  private boolean isInRange(Version file) {
    String condition = headers.get("If-Range");
    if (condition == null) {
      return true;
    }
    Instant date = date("If-Range");
    return date == null
        ? names(condition, file, true) && !condition.strip().equals("*")
        : file.isStrong() && file.modified.getEpochSecond() == date.getEpochSecond();
  }

  private @Nullable Instant date(String name) {
    String value = headers.get(name);
    try {
      return value == null ? null : HttpDate.parse(value);
    } catch (DateTimeException noDate) {
      return null;
    }
  }

  private static Answer part(String range, Version file) {
    Matcher matcher = RANGE.matcher(range);
    if (!matcher.matches()) {
      return Answer.whole(file);
    }
    if (matcher.group(3) != null) {
      return last(number(matcher.group(3)), file);
    }
    long from = number(matcher.group(1));
    long to = matcher.group(2).isEmpty() ? Long.MAX_VALUE : number(matcher.group(2));
    if (to < from) {
      return Answer.whole(file);
    }
    return from >= file.length
        ? Answer.without(416)
        : new Answer(206, from, Math.min(to, file.length - 1) - from + 1);
  }

  private static Answer last(long length, Version file) {
    if (length == 0) {
      return Answer.without(416);
    }
    long sent = Math.min(length, file.length);
    return sent == 0 ? Answer.whole(file) : new Answer(206, file.length - sent, sent);
  }

  private static long number(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException tooLarge) {
      return Long.MAX_VALUE;
    }
  }
}
