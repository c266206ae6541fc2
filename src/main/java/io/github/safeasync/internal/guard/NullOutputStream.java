package io.github.safeasync.internal.guard;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;

/** Stands behind a guarded stream that was asked for after the end. */
final class NullOutputStream extends ServletOutputStream {

  @Override
  public void write(int b) {}

  @Override
  public void write(byte[] b, int off, int len) {}

  @Override
  public boolean isReady() {
    return true;
  }

  @Override
  public void setWriteListener(WriteListener listener) {}
}
