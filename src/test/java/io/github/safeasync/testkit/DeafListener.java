package io.github.safeasync.testkit;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import java.io.IOException;

/** Hears nothing; others hear what they override. A container can make it. */
public class DeafListener implements AsyncListener {

  /** For the container. */
  public DeafListener() {}

  @Override
  public void onComplete(AsyncEvent event) throws IOException {}

  @Override
  public void onTimeout(AsyncEvent event) throws IOException {}

  @Override
  public void onError(AsyncEvent event) throws IOException {}

  @Override
  public void onStartAsync(AsyncEvent event) throws IOException {}
}
