package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class MembersTest {

  @Test
  void read_findsPrivateFieldsAndMethodsOfSuperclasses() {
    Inner inner = new Inner();
    assertThat(Members.read(inner, "secret")).isEqualTo("field");
    assertThat(Members.read(inner, "secret()")).isEqualTo("method");
    assertThat(Members.read(inner, "number()")).isEqualTo(7);
    assertThat(Members.walk(inner, "self()", "self()", "secret")).isEqualTo("field");
  }

  @Test
  void read_ofWhatIsNotThere_isNull() {
    Inner inner = new Inner();
    assertThat(Members.read(inner, "missing")).isNull();
    assertThat(Members.read(inner, "missing()")).isNull();
    assertThat(Members.read(inner, "nothing")).isNull();
    assertThat(Members.read(inner, "throwing()")).isNull();
    assertThat(Members.read(inner, "STATIC")).isNull();
    assertThat(Members.walk(inner, "nothing", "missing()", "secret")).isNull();
    assertThat(Members.read(null, "secret")).isNull();
    assertThat(Members.has(Inner.class, "missing()")).isFalse();
    assertThat(Members.has(Inner.class, "throwing()")).isTrue();
  }

  @Test
  void read_ofAClosedModule_takesThePublicTypeOrNothing() {
    List<String> hidden = List.of("a"); // java.util.ImmutableCollections.List12
    assertThat(Members.read(hidden, "size()")).isEqualTo(1);
    assertThat(Members.read(hidden, "e0")).isNull();
    assertThat(Members.read("text", "value")).isNull();
  }

  @Test
  void call_convertsNamesOfConstants() {
    Inner inner = new Inner();
    assertThat(Members.call(inner, "act", "SECONDS", 3)).isTrue();
    assertThat(inner.acted).isEqualTo("SECONDS 3");
    assertThat(Members.call(inner, "act", "NEVER", 3)).isFalse();
    assertThat(Members.call(inner, "act")).isFalse();
    assertThat(Members.call(inner, "throwing")).isTrue();
    assertThat(inner.acted).isEqualTo("SECONDS 3");
  }

  /** The library in a web application, undeployed; the container's classes live on. */
  @Test
  void aClassReadFrom_doesNotHoldTheLibrary() throws Exception {
    Inner containers = new Inner();
    WeakReference<ClassLoader> webapp = readFromACopyOfTheLibrary(containers);
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(
            () -> {
              System.gc();
              return webapp.get() == null;
            });
    assertThat(Members.read(containers, "secret")).isEqualTo("field");
  }

  /** The container in a loader of its own, thrown away; the library lives on in the parent. */
  @Test
  void theLibrary_doesNotHoldAClassReadFrom() throws Exception {
    WeakReference<ClassLoader> container = readFromACopyOfTheContainer();
    Awaitility.await()
        .atMost(10, TimeUnit.SECONDS)
        .until(
            () -> {
              System.gc();
              return container.get() == null;
            });
  }

  private static WeakReference<ClassLoader> readFromACopyOfTheLibrary(Object containers)
      throws Exception {
    try (Copies loader = new Copies(Members.class)) {
      Class<?> copy = loader.loadClass(Members.class.getName());
      assertThat(copy).isNotSameAs(Members.class);
      var read = copy.getDeclaredMethod("read", Object.class, String.class);
      read.setAccessible(true);
      for (int i = 0; i < 1_000; i++) {
        assertThat(read.invoke(null, containers, "secret")).isEqualTo("field");
        assertThat(read.invoke(null, containers, "number()")).isEqualTo(7);
      }
      return new WeakReference<>(loader);
    }
  }

  private static WeakReference<ClassLoader> readFromACopyOfTheContainer() throws Exception {
    try (Copies loader = new Copies(Outer.class)) {
      Class<?> copy = loader.loadClass(Outer.class.getName());
      assertThat(copy).isNotSameAs(Outer.class);
      var constructor = copy.getDeclaredConstructor();
      constructor.setAccessible(true);
      Object outer = constructor.newInstance();
      for (int i = 0; i < 1_000; i++) {
        assertThat(Members.read(outer, "secret")).isEqualTo("field");
        assertThat(Members.read(outer, "secret()")).isEqualTo("method");
      }
      return new WeakReference<>(loader);
    }
  }

  /** Stands for a class of the container. */
  static class Outer {
    private final String secret = "field";

    private String secret() {
      return "method";
    }
  }

  static final class Inner extends Outer implements Callable<String> {
    static final String STATIC = "static";
    final Object nothing = null;
    String acted = "";

    int number() {
      return 7;
    }

    Object self() {
      return this;
    }

    Object throwing() {
      throw new IllegalStateException("recycled");
    }

    void act(TimeUnit unit, Object amount) {
      acted = unit + " " + amount;
    }

    @Override
    public String call() {
      return "called";
    }
  }

  /** Loads classes a second time, from the place the given one was loaded from. */
  private static final class Copies extends URLClassLoader {
    private final String prefix;

    Copies(Class<?> type) {
      super(new URL[] {type.getProtectionDomain().getCodeSource().getLocation()});
      prefix = type.getName();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(prefix)) {
        return super.loadClass(name, resolve);
      }
      Class<?> own = findLoadedClass(name);
      return own == null ? findClass(name) : own;
    }
  }
}
