package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documents point to is there. */
class DocsTest {

  private static final Path DOCS = Path.of("src/docs");

  private static final Pattern LINK = Pattern.compile("\\]\\((?<target>[^)\\s]+)\\)");

  /** A test class, and the method or the beginning of one that may follow it. */
  private static final Pattern TEST =
      Pattern.compile(
          "(?<![\\w-])(?<name>[A-Z]\\w*[a-z0-9](?:IT|Tests?))\\b(?:\\.(?<method>[a-z]\\w+))?");

  static List<Path> documents() throws IOException {
    try (Stream<Path> pages = Files.list(DOCS)) {
      return Stream.concat(
              Stream.of("README.md", "RATIONALE.md", "CONTRIBUTING.md").map(Path::of),
              pages.filter(page -> page.toString().endsWith(".md")).sorted())
          .toList();
    }
  }

  private static List<String> linksOf(Path document) throws IOException {
    return LINK.matcher(Files.readString(document))
        .results()
        .map(link -> link.group(1))
        .filter(target -> !target.contains("://"))
        .toList();
  }

  private static Path target(Path document, String link) {
    String file = link.replaceFirst("#.*", "");
    return file.isEmpty() ? document : document.resolveSibling(file).normalize();
  }

  /** Of a heading, as GitHub makes it. */
  private static String anchor(String heading) {
    return heading
        .replaceFirst("^#+ ", "")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "")
        .replace(' ', '-');
  }

  @ParameterizedTest
  @MethodSource("documents")
  void relativeLinks_leadSomewhere(Path document) throws IOException {
    for (String link : linksOf(document)) {
      Path target = target(document, link);
      assertThat(target).as("%s links to %s", document, link).exists();
      if (link.contains("#")) {
        assertThat(Files.readAllLines(target).stream().filter(line -> line.startsWith("#")))
            .as("%s links to %s", document, link)
            .extracting(DocsTest::anchor)
            .contains(link.substring(link.indexOf('#') + 1));
      }
    }
  }

  @Test
  void pages_areLinkedFromTheReadme() throws IOException {
    Path readme = Path.of("README.md");
    assertThat(linksOf(readme).stream().map(link -> target(readme, link)))
        .containsAll(documents().stream().filter(page -> page.startsWith(DOCS)).toList());
  }

  @ParameterizedTest
  @MethodSource("documents")
  void testsThatAreNamed_exist(Path document) throws IOException {
    Map<String, Path> tests;
    try (Stream<Path> sources = Files.walk(Path.of("src/test/java"))) {
      tests =
          sources
              .filter(source -> source.toString().endsWith(".java"))
              .collect(
                  Collectors.toMap(
                      source -> source.getFileName().toString().replace(".java", ""),
                      source -> source,
                      (first, second) -> first));
    }
    List<String> missing = new ArrayList<>();
    Matcher test = TEST.matcher(Files.readString(document));
    while (test.find()) {
      Path source = tests.get(test.group("name"));
      String method = test.group("method");
      boolean there =
          source != null
              && (method == null || Files.readString(source).contains(" void " + method));
      if (!there) {
        missing.add(test.group());
      }
    }
    assertThat(missing).as("%s names", document).isEmpty();
  }
}
