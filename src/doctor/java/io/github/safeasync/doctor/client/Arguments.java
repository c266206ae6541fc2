package io.github.safeasync.doctor.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the command line says. */
final class Arguments {

  private static final Pattern WAIT = Pattern.compile("(\\d{1,5})(ms|s|)");
  private static final Pattern FIELD = Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*)");
  private static final Set<String> RESTRICTED =
      Set.of("connection", "content-length", "expect", "host", "upgrade", "transfer-encoding");
  private static final Duration LONGEST = Duration.ofSeconds(25);

  private final List<Field> fields = new ArrayList<>();
  private @Nullable URI url;
  private Duration wait = Duration.ofSeconds(5);
  private boolean insecure;
  private boolean json;
  private boolean help;
  private boolean version;

  private Arguments() {}

  /** A header field that goes with each request. */
  record Field(String name, String value) {}

  static Arguments of(List<String> words) throws Complaint {
    Arguments read = new Arguments();
    Iterator<String> next = words.iterator();
    while (next.hasNext()) {
      read.take(next.next(), next);
    }
    if (read.url == null && !read.isQuestion()) {
      throw new Complaint("The URL of the DoctorServlet is missing.");
    }
    return read;
  }

  private void take(String word, Iterator<String> next) throws Complaint {
    switch (word) {
      case "--json" -> json = true;
      case "--insecure" -> insecure = true;
      case "--help", "-h" -> help = true;
      case "--version" -> version = true;
      case "--wait" -> wait = waitOf(valueOf(word, next));
      case "--header" -> fields.add(fieldOf(valueOf(word, next)));
      default -> {
        if (word.startsWith("-")) {
          throw new Complaint("There is no option " + word + ".");
        }
        if (url != null) {
          throw new Complaint("One URL is checked at a time, not " + url + " and " + word + ".");
        }
        url = urlOf(word);
      }
    }
  }

  private static String valueOf(String option, Iterator<String> next) throws Complaint {
    if (!next.hasNext()) {
      throw new Complaint(option + " needs a value.");
    }
    return next.next();
  }

  private static Duration waitOf(String text) throws Complaint {
    Matcher matcher = WAIT.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration read =
          matcher.group(2).equals("ms") ? Duration.ofMillis(number) : Duration.ofSeconds(number);
      if (!read.isZero() && read.compareTo(LONGEST) <= 0) {
        return read;
      }
    }
    throw new Complaint("--wait must be a time up to 25s, such as 5s or 500ms, not " + text + ".");
  }

  private static Field fieldOf(String text) throws Complaint {
    Matcher matcher = FIELD.matcher(text);
    if (!matcher.matches() || text.chars().anyMatch(each -> each < ' ' && each != '\t')) {
      throw new Complaint("--header must be a header field, such as 'Authorization: Basic …'.");
    }
    String name = matcher.group(1);
    if (RESTRICTED.contains(name.toLowerCase(Locale.ROOT))) {
      throw new Complaint("--header " + name + " cannot be set: it is of the connection.");
    }
    return new Field(name, matcher.group(2));
  }

  private static URI urlOf(String text) throws Complaint {
    try {
      URI read = new URI(text);
      String scheme = Objects.toString(read.getScheme(), "");
      if (scheme.matches("(?i)https?") && read.getHost() != null && read.getRawQuery() == null) {
        String path = read.getRawPath().isEmpty() ? "/" : read.getRawPath();
        return URI.create(scheme.toLowerCase(Locale.ROOT) + "://" + authority(read) + path);
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new Complaint(
        "The URL must be an address of http or https without a query, such as"
            + " https://www.example.org/doctor, not "
            + text
            + ".");
  }

  private static String authority(URI read) {
    return read.getPort() < 0 ? read.getHost() : read.getHost() + ":" + read.getPort();
  }

  URI url() {
    return Objects.requireNonNull(url);
  }

  boolean isTls() {
    return url().getScheme().equals("https");
  }

  /** The port that is connected to. */
  int port() {
    int port = url().getPort();
    return port >= 0 ? port : isTls() ? 443 : 80;
  }

  Duration patience() {
    return wait;
  }

  List<Field> fields() {
    return fields;
  }

  boolean isInsecure() {
    return insecure;
  }

  boolean isJson() {
    return json;
  }

  /** Whether nothing is to be checked. */
  boolean isQuestion() {
    return help || version;
  }

  boolean isVersion() {
    return version;
  }

  static String version() {
    return "safe-async doctor "
        + Objects.requireNonNullElse(
            Doctor.class.getPackage().getImplementationVersion(), "(not packaged)");
  }

  static String usage() {
    return """
        Usage: java -jar safe-async-<version>-doctor.jar [options] URL

        Tells whether a client that hangs up is noticed by the server, through whatever is between.
        URL is that of io.github.safeasync.doctor.DoctorServlet as clients see it:
        https://www.example.org/app/doctor

          --wait TIME      how long the server may take to notice, up to 25s (5s)
          --header FIELD   a header field for each request, such as 'Authorization: Basic …'
          --insecure       trust any certificate
          --json           print one line of JSON
          --version        print the version
          --help           print this

        Exit status: 0 if every departure reaches the server by itself, 1 if one is hidden or noticed
        by a write only, 2 if it could not be checked.""";
  }
}
