package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Browser;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TestWar;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.openqa.selenium.Keys;

/** The demo's page in a real browser, on a WAR that is deployed below a context path. */
class PageIT {

  /** Of each row, from the top: how its request is called, and how that has ended. */
  private static final String ROWS =
      """
      [...document.querySelectorAll('tbody tr')].map(row =>
        row.querySelector('.request b').textContent.replace(/^#\\d+ /, '') + ' ' + row.dataset.end)
      """;

  private static Browser browser;

  @BeforeAll
  static void startBrowser() {
    browser = Browser.start();
  }

  @AfterAll
  static void endBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void fiveRequests_twoHungUp_exactlyTheseAreNoticed(Container container) throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      browser.open(server.uri("/demo/"));
      browser.show(1280, 900, "light");
      await().until(() -> text("#link").startsWith("Live from"));
      assertThat(text("#link")).endsWith("at 127.0.0.1:" + server.port() + "/demo/");
      assertThat(text("pre")).contains("curl 'http://127.0.0.1:" + server.port() + "/demo/run?");
      assertThat(browser.evaluate("document.getElementById('empty').hidden")).isEqualTo(false);
      shoot(container, "empty");

      for (String kind : List.of("delay", "query", "count", "tokens", "error")) {
        click("[data-kind=" + kind + "]");
      }
      await().until(() -> rows().stream().filter(row -> row.endsWith(" PENDING")).count() == 5);
      await().until(() -> cell("Ask a model", ".yours").startsWith("200: "));
      hangUp("Query");
      hangUp("Ask a model");
      await().until(() -> rows().stream().noneMatch(row -> row.endsWith(" PENDING")));

      assertThat(rows())
          .containsExactlyInAnyOrder(
              "Wait COMPLETED",
              "Fail COMPLETED",
              "Count COMPLETED",
              "Query DISCONNECTED",
              "Ask a model DISCONNECTED");
      for (String left : List.of("Query", "Ask a model")) {
        assertThat(cell(left, ".how")).containsPattern("after .*: (FIN|RST|CONNECTION_LOST), by ");
        assertThat(cell(left, ".noticed")).containsPattern("^[\\d.]+ m?s");
        await().until(() -> cell(left, ".work").contains(" saved"));
      }
      assertThat(cell("Wait", ".yours")).isEqualTo("200: ok!, to the end");
      assertThat(cell("Fail", ".yours")).startsWith("400");
      // And the call of the model that one of them had made.
      assertThat(text("#total-disconnected")).isEqualTo("3");

      storm(container);
      browser.closeTab();
    }
  }

  private static void storm(Container container) throws Exception {
    click("#storm");
    await().until(() -> text("#with .count").contains("all 200 stopped"));
    assertThat(text("#without .count")).isEqualTo("200 still at work, for nobody");
    assertThat(text("#total-disconnected")).isEqualTo("203");
    assertThat(inJmx("Disconnected")).isEqualTo(203L);
    assertThat(text("#total-open")).isEqualTo(inJmx("Open") + "");
    shoot(container, "storm");
    for (String scheme : List.of("light", "dark")) {
      browser.show(390, 844, scheme);
      assertThat(browser.evaluate("document.documentElement.scrollWidth"))
          .as("at 390 px wide, in %s", scheme)
          .isEqualTo(browser.evaluate("document.documentElement.clientWidth"));
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void lostServer_isShown_andFoundAgain(Container container) throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      browser.open(server.uri("/demo/"));
      await().until(() -> text("#link").startsWith("Live from"));
      click("[data-kind=delay]");
      await().until(() -> rows().equals(List.of("Wait PENDING")));
      server.stopApplication();
      await().until(() -> text("#link").startsWith("No connection to 127.0.0.1"));
      server.startApplication();
      await().until(() -> text("#link").startsWith("Live from"));
      click("[data-kind=count]");
      await().until(() -> rows().contains("Count PENDING"));
      browser.closeTab();
    }
  }

  @ParameterizedTest
  @EveryContainer(deployingWars = true)
  void keyboardAlone_startsARequest_andHangsUp(Container container) throws Exception {
    try (TestServer server = container.deployWar(TestWar.demo(), "/demo")) {
      browser.open(server.uri("/demo/"));
      await().until(() -> text("#link").startsWith("Live from"));
      tabTo("document.activeElement.dataset.kind === 'delay'");
      browser.press(Keys.ENTER);
      await().until(() -> rows().equals(List.of("Wait PENDING")));
      tabTo("document.activeElement.closest('.act') !== null");
      browser.press(Keys.SPACE);
      await().until(() -> rows().equals(List.of("Wait DISCONNECTED")));
      browser.closeTab();
    }
  }

  /** On and on, as a person does who has no mouse. */
  private static void tabTo(String condition) {
    for (int i = 0; i < 50; i++) {
      browser.press(Keys.TAB);
      if (Boolean.TRUE.equals(browser.evaluate(condition))) {
        return;
      }
    }
    throw new AssertionError("Not reached by the Tab key: " + condition);
  }

  private static Object inJmx(String attribute) throws Exception {
    ObjectName name =
        new ObjectName(
            "io.github.safeasync:type=SafeAsyncStats,context=\"/demo\",filter=\"safe-async\"");
    return ManagementFactory.getPlatformMBeanServer().getAttribute(name, attribute);
  }

  private static void shoot(Container container, String what) throws IOException {
    for (int width : new int[] {1280, 390}) {
      for (String scheme : List.of("light", "dark")) {
        browser.show(width, 900, scheme);
        browser.screenshot(
            Path.of(
                "target", "page", container + "-" + what + "-" + scheme + "-" + width + ".png"));
      }
    }
    browser.show(1280, 900, "light");
  }

  private static List<String> rows() {
    return ((List<?>) browser.evaluate(ROWS)).stream().map(String::valueOf).toList();
  }

  private static String text(String selector) {
    return (String)
        browser.evaluate(
            "document.querySelector('" + selector + "').textContent.replace(/\\s+/g, ' ').trim()");
  }

  private static void click(String selector) {
    browser.evaluate("document.querySelector('" + selector + "').click()");
  }

  private static String row(String name) {
    return "[...document.querySelectorAll('tbody tr')].find(row =>"
        + " row.querySelector('.request b').textContent.endsWith('"
        + name
        + "'))";
  }

  private static String cell(String name, String selector) {
    return (String) browser.evaluate(row(name) + ".querySelector('" + selector + "').textContent");
  }

  private static void hangUp(String name) {
    browser.evaluate(row(name) + ".querySelector('.act button').click()");
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50));
  }
}
