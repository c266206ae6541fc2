package io.github.safeasync.internal.detect;

import java.nio.ByteBuffer;

/** A way to ask the kernel and to be answered, in one buffer. Used by one thread. */
interface NetlinkSocket extends AutoCloseable {

  /** What is sent from and received into, in the order of the platform. */
  ByteBuffer buffer();

  /** Sends so many bytes of the buffer; never waits. */
  long send(long length);

  /** Fills the buffer; never waits, and returns -1 if there is nothing. */
  long receive();

  @Override
  void close();
}
