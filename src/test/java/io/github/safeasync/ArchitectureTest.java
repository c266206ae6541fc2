package io.github.safeasync;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.github.safeasync.demo.LongRunnerServlet;
import java.net.URL;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The import rules of the house. */
class ArchitectureTest {

  private static final String LIBRARY = "io.github.safeasync";
  private static final String DEMO = LIBRARY + ".demo";

  /** They run on their own, in a model checker or a microbenchmark. */
  private static final Set<String> CORE =
      Set.of(
          "Lifecycle",
          "Turn",
          "EndListeners",
          "Outbox",
          "Intake",
          "Item",
          "Drain",
          "Pending",
          "Stall",
          "Cancellation",
          "Interruption");

  private static final JavaClasses MAIN = importedFrom(SafeAsyncFilter.class);
  private static final JavaClasses DEMO_CLASSES =
      importedFrom(LongRunnerServlet.class).that(in(DEMO));

  private static JavaClasses importedFrom(Class<?> one) {
    URL root = one.getProtectionDomain().getCodeSource().getLocation();
    return new ClassFileImporter().importUrl(root);
  }

  private static DescribedPredicate<JavaClass> in(String name) {
    return DescribedPredicate.describe(
        "of the package " + name, type -> type.getPackageName().equals(name));
  }

  private static DescribedPredicate<JavaClass> outermost(Set<String> names) {
    return DescribedPredicate.describe(
        "in one of " + names,
        type -> names.contains(type.getName().substring(LIBRARY.length() + 1).split("\\$")[0]));
  }

  @Test
  void core_namesNoServletType() {
    for (String name : CORE) {
      assertThat(MAIN.contain(LIBRARY + "." + name)).as(name).isTrue();
    }
    noClasses()
        .that(outermost(CORE))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jakarta..")
        .check(MAIN);
  }

  @Test
  void main_namesTheJdkAndTheServletApiAlone() {
    classes()
        .that()
        .resideOutsideOfPackages(
            LIBRARY + ".jaxrs..", LIBRARY + ".micrometer..", LIBRARY + ".spring..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "javax.net.ssl..",
            "jdk.net..",
            "jakarta.servlet..",
            "org.jspecify..",
            LIBRARY + "..")
        .check(MAIN);
  }

  /** A class of a container would not be there on another one; they are reached by reflection. */
  @Test
  void main_namesNoContainer() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.eclipse.jetty..",
            "org.apache.catalina..",
            "org.apache.coyote..",
            "org.apache.tomcat..",
            "io.undertow..",
            "org.xnio..")
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
                    !type.getPackageName().startsWith(LIBRARY)
                        || Set.of(LIBRARY, LIBRARY + ".sse", DEMO).contains(type.getPackageName())))
        .check(DEMO_CLASSES);
  }

  @Test
  void demo_namesAContainerInItsMainAlone() {
    noClasses()
        .that()
        .haveSimpleNameNotStartingWith("DemoServer")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages("java..", "jakarta.servlet..", "org.jspecify..", LIBRARY + "..")
        .check(DEMO_CLASSES);
  }
}
