package io.github.safeasync.servers;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import java.util.function.Consumer;

/** Tells the names of its methods as they are called. */
public final class HearingListener implements AsyncListener {
  private final Consumer<String> hears;

  /** For WildFly, which warns of an AsyncListener of a WAR that it could not make (WFLYEE0007). */
  public HearingListener() {
    this(what -> {});
  }

  HearingListener(Consumer<String> hears) {
    this.hears = hears;
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    hears.accept("onStartAsync");
  }

  @Override
  public void onError(AsyncEvent event) {
    hears.accept("onError");
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    hears.accept("onTimeout");
  }

  @Override
  public void onComplete(AsyncEvent event) {
    hears.accept("onComplete");
  }
}
