package io.github.safeasync.testkit;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.opentest4j.TestAbortedException;

/** A Chromium of the machine's own packages without a window; nothing is downloaded. */
public final class Browser implements AutoCloseable {
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final long PATIENCE_SECONDS = 10;

  private final ChromeDriver driver;
  private final String blank;
  private final Path profile;
  private final List<ProcessHandle> processes;
  private final MachineNetwork network;

  private Browser(
      ChromeDriver driver,
      String blank,
      Path profile,
      List<ProcessHandle> processes,
      MachineNetwork network) {
    this.driver = driver;
    this.blank = blank;
    this.profile = profile;
    this.processes = processes;
    this.network = network;
  }

  /**
   * Starts one with an empty profile. Until it is closed no test changes the machine's network.
   *
   * @throws TestAbortedException if it is not installed
   */
  public static Browser start() {
    if (!Files.isExecutable(CHROMIUM) || !Files.isExecutable(DRIVER)) {
      throw new TestAbortedException(
          "Chromium is not installed (apt-get install chromium chromium-driver):"
              + " not tested in a browser");
    }
    Path profile = TestServer.temporaryDirectory("chromium");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(CHROMIUM.toFile());
    options.setAcceptInsecureCerts(true);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + profile);
    Set<ProcessHandle> others = children().collect(Collectors.toSet());
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .usingAnyFreePort()
            .withLogFile(new File("/dev/null"))
            .build();
    MachineNetwork network = MachineNetwork.unchanged();
    try {
      ChromeDriver driver = new ChromeDriver(service, options);
      List<ProcessHandle> processes =
          children().filter(each -> !others.contains(each)).flatMap(Browser::family).toList();
      return new Browser(driver, driver.getWindowHandle(), profile, processes, network);
    } catch (RuntimeException notStarted) {
      network.close();
      throw notStarted;
    }
  }

  private static Stream<ProcessHandle> children() {
    return ProcessHandle.current().children();
  }

  private static Stream<ProcessHandle> family(ProcessHandle process) {
    return Stream.concat(process.descendants(), Stream.of(process));
  }

  /** Opens a page in a new tab, which is the current one then. */
  public void open(URI page) {
    driver.switchTo().newWindow(WindowType.TAB);
    driver.get(page.toString());
  }

  /** Returns what an expression of JavaScript, such as an array of texts, is in the current tab. */
  public Object evaluate(String expression) {
    return ((JavascriptExecutor) driver).executeScript("return " + expression);
  }

  /** Presses a key of the keyboard, such as Tab, on whatever has the focus. */
  public void press(Keys key) {
    new Actions(driver).sendKeys(key).perform();
  }

  /** Makes the current tab as wide as this, and tells its page which colours the user prefers. */
  public void show(int width, int height, String colorScheme) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colorScheme))));
  }

  /** Writes what the current tab shows, down to the end of the page, to a PNG. */
  public void screenshot(Path png) throws IOException {
    Map<String, Object> shot =
        driver.executeCdpCommand(
            "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
    Files.createDirectories(png.getParent());
    Files.write(png, Base64.getDecoder().decode((String) shot.get("data")));
  }

  /** Closes the current tab. */
  public void closeTab() {
    driver.close();
    driver.switchTo().window(blank);
  }

  /** Ends the browser, its driver, and whatever they have started. */
  @Override
  public void close() throws Exception {
    try {
      driver.quit();
    } finally {
      try (network) {
        for (ProcessHandle process : processes) {
          end(process);
        }
        TestServer.deleteAll(profile);
      }
    }
  }

  private static void end(ProcessHandle process) throws Exception {
    try {
      process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException lives) {
      process.destroyForcibly();
      throw new IOException("A process of the browser did not end: " + process.info(), lives);
    }
  }
}
