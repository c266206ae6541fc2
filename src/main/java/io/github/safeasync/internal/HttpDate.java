package io.github.safeasync.internal;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A date as HTTP has it (RFC 9110 section 5.6.7). */
public final class HttpDate {

  private static final DateTimeFormatter FIXED =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  /**
   * The preferred form, and the two obsolete ones, in which a year may have two digits: 1970 and
   * on.
   */
  private static final List<DateTimeFormatter> FORMS =
      List.of(
          FIXED,
          new DateTimeFormatterBuilder()
              .appendPattern("EEEE, dd-MMM-")
              .appendValueReduced(ChronoField.YEAR, 2, 2, 1970)
              .appendPattern(" HH:mm:ss 'GMT'")
              .toFormatter(Locale.US),
          DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.US));

  private HttpDate() {}

  public static String format(Instant date) {
    return FIXED.format(date);
  }

  /**
   * Reads a date in any of the forms.
   *
   * @throws DateTimeException if it is none
   */
  public static Instant parse(String text) {
    @Nullable DateTimeException notOne = null;
    for (DateTimeFormatter form : FORMS) {
      try {
        return LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC);
      } catch (DateTimeException e) {
        notOne = e;
      }
    }
    throw new DateTimeException("No date of HTTP: " + text, notOne);
  }
}
