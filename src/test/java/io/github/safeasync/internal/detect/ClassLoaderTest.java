package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** G4: an application that is deployed and undeployed leaves neither thread nor class loader. */
class ClassLoaderTest {

  @Test
  void undeployed_twentyTimes_leavesNothing_G4() throws Exception {
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      loaders.add(deployAndUndeploy());
    }
    assertThat(DetectorTest.watcherThreads()).isEmpty();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              System.gc();
              return loaders.stream().allMatch(each -> each.get() == null);
            });
  }

  private static WeakReference<ClassLoader> deployAndUndeploy() throws Exception {
    URL[] library = {Detector.class.getProtectionDomain().getCodeSource().getLocation()};
    try (URLClassLoader loader =
        new URLClassLoader(library, ClassLoader.getPlatformClassLoader())) {
      Class<?> settings = loader.loadClass(DetectorSettings.class.getName());
      Class<?> type = loader.loadClass(Detector.class.getName());
      assertThat(type).isNotEqualTo(Detector.class);
      Object defaults = settings.getField("DEFAULTS").get(null);
      Object detector = type.getMethod("start", settings).invoke(null, defaults);
      CompletionStage<?> described =
          (CompletionStage<?>) type.getMethod("described").invoke(detector);
      String text = (String) described.toCompletableFuture().get(10, TimeUnit.SECONDS);
      assertThat(text).startsWith("on: selector");
      assertThat(DetectorTest.watcherThreads()).hasSize(1);
      type.getMethod("close").invoke(detector);
      return new WeakReference<>(loader);
    }
  }
}
