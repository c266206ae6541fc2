package io.github.safeasync;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** A file as the body: the headers that a file has, and then its bytes. */
final class FileSource {

  /** RFC 9110 section 5.6.7, with a day of two digits. */
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private FileSource() {}

  /** Opens the file, which may take a moment. On a thread of ours. */
  static void start(ExchangeResponse response, Path file, boolean withBody) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new NoSuchFileException(file.toString(), null, "not a regular file");
      }
      response.header("Content-Length", Long.toString(attributes.size()));
      response.header("Last-Modified", HTTP_DATE.format(attributes.lastModifiedTime().toInstant()));
      if (withBody) {
        FileChannel opened = FileChannel.open(file);
        ChannelSource.start(response, new Part(opened, attributes.size()), response.workers());
      } else {
        response.finish();
      }
    } catch (NoSuchFileException | AccessDeniedException e) {
      Log.ignored("a file that cannot be read", e);
      response.sendError(404);
    } catch (IOException | RuntimeException e) {
      response.sourceFailed(e);
    }
  }

  /** So much of a file as was announced, even if it grows meanwhile. */
  private static final class Part implements ReadableByteChannel {

    private final FileChannel file;
    private long left;

    Part(FileChannel file, long length) {
      this.file = file;
      this.left = length;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
      if (left == 0) {
        return -1;
      }
      if (to.remaining() > left) {
        to.limit(to.position() + Math.toIntExact(left));
      }
      int length = file.read(to);
      left -= Math.max(0, length);
      return length;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
