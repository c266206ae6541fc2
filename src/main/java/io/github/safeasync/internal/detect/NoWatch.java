package io.github.safeasync.internal.detect;

import io.github.safeasync.Detection;

/** What watches an exchange where nothing can. */
enum NoWatch implements HangUpWatch {
  /** Only a failing write, or the container, tells. */
  ON_WRITE;

  @Override
  public Detection detection() {
    return Detection.ON_WRITE;
  }

  @Override
  public void bodyRead() {}

  @Override
  public void written() {}

  @Override
  public void release() {}
}
