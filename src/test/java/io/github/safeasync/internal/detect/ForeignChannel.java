package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Set;

/** A channel in front of the JDK's own, which no selector of the JDK takes. */
final class ForeignChannel extends SocketChannel {

  private final SocketChannel inner;

  ForeignChannel(SocketChannel inner) throws IOException {
    super(inner.provider());
    this.inner = inner;
    configureBlocking(false);
  }

  @Override
  public SocketChannel bind(SocketAddress local) throws IOException {
    return inner.bind(local);
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
    return inner.setOption(name, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return inner.getOption(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return inner.supportedOptions();
  }

  @Override
  public SocketChannel shutdownInput() throws IOException {
    return inner.shutdownInput();
  }

  @Override
  public SocketChannel shutdownOutput() throws IOException {
    return inner.shutdownOutput();
  }

  @Override
  public Socket socket() {
    return inner.socket();
  }

  @Override
  public boolean isConnected() {
    return inner.isConnected();
  }

  @Override
  public boolean isConnectionPending() {
    return inner.isConnectionPending();
  }

  @Override
  public boolean connect(SocketAddress remote) throws IOException {
    return inner.connect(remote);
  }

  @Override
  public boolean finishConnect() throws IOException {
    return inner.finishConnect();
  }

  @Override
  public SocketAddress getRemoteAddress() throws IOException {
    return inner.getRemoteAddress();
  }

  @Override
  public SocketAddress getLocalAddress() throws IOException {
    return inner.getLocalAddress();
  }

  @Override
  public int read(ByteBuffer buffer) throws IOException {
    return inner.read(buffer);
  }

  @Override
  public long read(ByteBuffer[] buffers, int offset, int length) throws IOException {
    return inner.read(buffers, offset, length);
  }

  @Override
  public int write(ByteBuffer buffer) throws IOException {
    return inner.write(buffer);
  }

  @Override
  public long write(ByteBuffer[] buffers, int offset, int length) throws IOException {
    return inner.write(buffers, offset, length);
  }

  @Override
  protected void implCloseSelectableChannel() throws IOException {
    inner.close();
  }

  @Override
  protected void implConfigureBlocking(boolean block) {}
}
