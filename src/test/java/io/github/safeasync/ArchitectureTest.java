package io.github.safeasync;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.github.safeasync.demo.LongRunnerServlet;
import io.github.safeasync.internal.exchange.Exchanges;
import io.github.safeasync.testkit.Knots;
import jakarta.servlet.AsyncListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may know whom: the rules of the house, which RATIONALE.md draws. */
class ArchitectureTest {

  private static final String API = "io.github.safeasync";
  private static final String INTERNAL = API + ".internal";
  private static final String EXCHANGE = INTERNAL + ".exchange";
  private static final String GUARD = INTERNAL + ".guard";
  private static final String BODY = INTERNAL + ".body";
  private static final String DETECT = INTERNAL + ".detect";
  private static final String CONTAINER = INTERNAL + ".container";
  private static final String DEMO = API + ".demo";

  /** Above that nobody can hold in mind at once what has to be understood together. */
  private static final int LARGEST_KNOT = 8;

  private static final JavaClasses MAIN = importedFrom(SafeAsyncFilter.class);
  private static final JavaClasses DEMO_CLASSES =
      importedFrom(LongRunnerServlet.class).that(in(DEMO));

  private static JavaClasses importedFrom(Class<?> one) {
    URL root = one.getProtectionDomain().getCodeSource().getLocation();
    return new ClassFileImporter().importUrl(root);
  }

  private static DescribedPredicate<JavaClass> in(String... names) {
    Set<String> packages = Set.of(names);
    return DescribedPredicate.describe(
        "of " + String.join(", ", names), type -> packages.contains(type.getPackageName()));
  }

  private static DescribedPredicate<JavaClass> outermost(Class<?> type) {
    return DescribedPredicate.describe(
        "in " + type.getSimpleName(), each -> outermost(each).equals(type.getName()));
  }

  private static String outermost(JavaClass type) {
    return type.getName().split("\\$")[0];
  }

  /** Of the library's own packages, those of a room depend on these alone. */
  private static void dependsOn(String room, String... others) {
    classes()
        .that(in(room))
        .should()
        .onlyDependOnClassesThat(
            DescribedPredicate.not(
                    DescribedPredicate.<JavaClass>describe(
                        "of the library", type -> type.getPackageName().startsWith(API)))
                .or(in(room))
                .or(in(others)))
        .check(MAIN);
  }

  @Test
  void api_hasOneDoor() {
    noClasses()
        .that(in(API))
        .should()
        .dependOnClassesThat(
            DescribedPredicate.<JavaClass>describe(
                    "internal", type -> type.getPackageName().startsWith(INTERNAL))
                .and(DescribedPredicate.not(outermost(Exchanges.class))))
        .check(MAIN);
  }

  @Test
  void whatStandsOnTheApi_usesItAlone() {
    noClasses()
        .that()
        .resideInAnyPackage(
            API + ".context..",
            API + ".doctor..",
            API + ".http..",
            API + ".jaxrs..",
            API + ".jdbc..",
            API + ".micrometer..",
            API + ".opentelemetry..",
            API + ".spring..",
            API + ".sse..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(INTERNAL + "..")
        .check(MAIN);
  }

  @Test
  void rooms_knowThoseBelow() {
    dependsOn(EXCHANGE, API, INTERNAL, GUARD, BODY, DETECT, CONTAINER);
    dependsOn(GUARD, API, INTERNAL, CONTAINER);
    dependsOn(BODY, API, INTERNAL);
    dependsOn(DETECT, API, INTERNAL, CONTAINER);
    dependsOn(CONTAINER);
    dependsOn(INTERNAL, API);
  }

  @Test
  void body_namesNoServletType() {
    noClasses()
        .that(in(BODY))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jakarta..")
        .check(MAIN);
  }

  @Test
  void packages_haveNoCycleButTheDoor() {
    assertThat(
            Knots.of(
                MAIN,
                JavaClass::getPackageName,
                (from, to) ->
                    !(from.getPackageName().equals(API)
                        && outermost(to).equals(Exchanges.class.getName()))))
        .isEmpty();
  }

  @Test
  void packages_haveNoLargeKnot() {
    List<Set<String>> knots =
        Knots.of(
            MAIN,
            ArchitectureTest::outermost,
            (from, to) -> from.getPackageName().equals(to.getPackageName()));
    knots.forEach(knot -> System.out.println("A knot of " + knot.size() + ": " + knot));
    assertThat(knots).allSatisfy(knot -> assertThat(knot).hasSizeLessThanOrEqualTo(LARGEST_KNOT));
  }

  /** What a user can name: a type more, or one less, is a decision. */
  @Test
  void publicTypes_areChosen() {
    assertThat(
            MAIN.stream()
                .filter(type -> !type.getPackageName().startsWith(INTERNAL))
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(type -> type.getEnclosingClass().isEmpty())
                .map(type -> type.getName().substring(API.length() + 1))
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(
            "CancelPolicy",
            "CancellationToken",
            "ClientDisconnectedException",
            "Departure",
            "Detection",
            "End",
            "Evidence",
            "HalfClose",
            "Handle",
            "HttpStatusException",
            "KeepAlive",
            "Outcome",
            "OverLimit",
            "SafeAsyncConfig",
            "SafeAsyncFilter",
            "SafeAsyncResponse",
            "SafeAsyncStats",
            "SafeAsyncStatsMXBean",
            "SlowClientException",
            "context.SafeAsyncContextAccessor",
            "doctor.DoctorServlet",
            "http.SafeAsyncExecHandler",
            "http.SafeAsyncHttpClient",
            "http.SafeAsyncRequestFactory",
            "jaxrs.ResteasyDiscovery",
            "jaxrs.SafeAsyncJaxRs",
            "jdbc.CancelStatements",
            "jdbc.SafeAsyncDataSource",
            "micrometer.SafeAsyncMetrics",
            "spring.SafeAsyncAutoConfiguration",
            "spring.SafeAsyncMvcConfiguration",
            "sse.SseGroup",
            "sse.SseMessage",
            "sse.SseStream");
  }

  @Test
  void main_namesTheJdkAndTheServletApiAlone() {
    classes()
        .that()
        .resideOutsideOfPackages(
            API + ".jaxrs..",
            API + ".spring..",
            API + ".http..",
            API + ".context..",
            API + ".micrometer..",
            API + ".opentelemetry..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "javax.management..",
            "javax.net.ssl..",
            "javax.sql..",
            "jdk.jfr..",
            "jdk.net..",
            "jakarta.servlet..",
            "org.jspecify..",
            API + "..")
        .check(MAIN);
  }

  /** A class of a container would not be there on another one; they are reached by reflection. */
  @Test
  void main_namesNoContainersClass() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.eclipse.jetty..",
            "org.apache.catalina..",
            "org.apache.coyote..",
            "org.apache.tomcat..",
            "io.undertow..",
            "org.xnio..",
            "org.glassfish.grizzly..",
            "com.ibm..",
            "io.vertx..",
            "io.netty..",
            "io.quarkus..")
        .check(MAIN);
  }

  /** As a string too: what is peculiar to a container is known in its room alone. */
  @Test
  void containersNames_standInTheirRoomAlone() throws IOException {
    Pattern named =
        Pattern.compile(
            "\"[^\"\n]*(jetty|tomcat|undertow|catalina|coyote|xnio|grizzly|liberty|vertx|netty|quarkus)[^\"\n]*\"",
            Pattern.CASE_INSENSITIVE);
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
      assertThat(
              sources
                  .filter(path -> path.toString().endsWith(".java"))
                  .filter(path -> !path.getParent().endsWith("container"))
                  .flatMap(ArchitectureTest::lines)
                  .filter(line -> named.matcher(line).find()))
          .isEmpty();
    }
  }

  private static Stream<String> lines(Path source) {
    try {
      return Files.readString(source)
          .lines()
          .map(line -> source.getFileName() + ": " + line.strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Deadlines are counted by a clock that nobody sets: a wall clock that jumps ends no exchange. It
   * says when a departure was noticed, how old a file is, and how late Undertow counts its own
   * deadlines, which are of the wall clock.
   */
  @Test
  void wallClock_isAskedForWhatIsShownAlone() {
    assertThat(
            MAIN.stream()
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(call -> isOfWallClock(call.getTarget()))
                .map(call -> outermost(call.getOriginOwner()).substring(API.length() + 1)))
        .containsOnly(
            "Departure",
            "doctor.Check",
            "internal.container.UndertowConnection",
            "internal.detect.WatchLoop",
            "internal.exchange.FileSource");
  }

  private static boolean isOfWallClock(AccessTarget called) {
    String owner = called.getOwner().getName();
    return called.getName().equals("currentTimeMillis")
        || (owner.startsWith("java.time.") && called.getName().equals("now"))
        || owner.equals("java.time.Clock")
        || owner.equals("java.util.Timer")
        || (owner.equals("java.util.Date") && called.getName().equals("<init>"));
  }

  /** WildFly warns of each that it could not make, at each deployment of a WAR (WFLYEE0007). */
  @Test
  void asyncListeners_canBeMadeByAServer() {
    assertThat(
            MAIN.stream()
                .filter(type -> type.isAssignableTo(AsyncListener.class))
                .filter(type -> !type.isInterface()))
        .isNotEmpty()
        .allMatch(type -> type.tryGetConstructor().isPresent());
  }

  /** For WildFly one makes a JAX-RS application of each WAR that has the library (WFLYRS0015). */
  @Test
  void main_hasNoAnnotationOfJaxRs() {
    noClasses()
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "are annotations of JAX-RS",
                type -> type.isAnnotation() && type.getPackageName().startsWith("jakarta.ws.rs")))
        .check(MAIN);
  }

  @Test
  void demo_usesThePublicApiAlone() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            DescribedPredicate.describe(
                "are of the API, of the demo, or not of the library",
                type ->
                    !type.getPackageName().startsWith(API)
                        || Set.of(
                                API,
                                API + ".doctor",
                                API + ".http",
                                API + ".jdbc",
                                API + ".sse",
                                DEMO)
                            .contains(type.getPackageName())))
        .check(DEMO_CLASSES);
  }

  @Test
  void demo_namesAContainerInItsMainAlone() {
    noClasses()
        .that()
        .haveSimpleNameNotStartingWith("DemoServer")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "java..", "javax.sql..", "jakarta.servlet..", "org.jspecify..", API + "..")
        .check(DEMO_CLASSES);
  }
}
