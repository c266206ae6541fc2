package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.HttpDate;
import io.github.safeasync.internal.Log;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file as the body: the headers that a file has, and then its bytes, or as many as are wanted.
 */
final class FileSource {

  /** File systems keep times as coarse as this: younger, it may change and keep its time. */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  private FileSource() {}

  /** Opens the file, which may take a moment. On a thread of ours. */
  static void start(ExchangeResponse response, Path file, FileRequest request) {
    try {
      BasicFileAttributes attributes = attributes(file);
      FileChannel opened = FileChannel.open(file);
      try {
        if (!isSame(attributes, attributes(file))) {
          throw new IOException("The file was replaced while it was opened: " + file);
        }
        start(response, new Part(file, opened, attributes), request);
      } catch (IOException | RuntimeException e) {
        ChannelSource.close(response, opened);
        throw e;
      }
    } catch (NoSuchFileException | AccessDeniedException e) {
      Log.ignored(response, "a file that cannot be read", e);
      response.sendError(404);
    } catch (IOException | RuntimeException e) {
      response.sourceFailed(e);
    }
  }

  private static void start(ExchangeResponse response, Part part, FileRequest request)
      throws IOException {
    FileRequest.Version version = version(part.attributes, response.headerValue("ETag"));
    response.header("Last-Modified", HttpDate.format(version.modified()));
    response.header("ETag", version.entityTag());
    response.header("Accept-Ranges", "bytes");
    // Conditions and ranges are for what would be answered 200 without them.
    FileRequest.Answer answer =
        response.isOk() ? request.answer(version) : FileRequest.Answer.whole(version);
    boolean withBody = false;
    switch (answer.status()) {
      case 412 -> response.sendError(412);
      // Not an error page, for which Jetty drops the header.
      case 416 ->
          response.status(416).header("Content-Range", "bytes */" + version.length()).finish();
      case 304 -> response.status(304).finish();
      default -> {
        if (answer.status() == 206) {
          long last = answer.from() + answer.length() - 1;
          String range = "bytes " + answer.from() + "-" + last + "/" + version.length();
          response.status(206).header("Content-Range", range);
        }
        response.header("Content-Length", Long.toString(answer.length()));
        withBody = !request.isHead();
        if (!withBody) {
          response.finish();
        }
      }
    }
    if (withBody) {
      part.limit(answer.from(), answer.length());
      ChannelSource.start(response, part, response.workers());
    } else {
      part.close();
    }
  }

  /** Weak as long as the file may change without a change of its time. */
  private static FileRequest.Version version(
      BasicFileAttributes attributes, @Nullable String ownTag) {
    Instant modified = attributes.lastModifiedTime().toInstant();
    long nanos = modified.getEpochSecond() * 1_000_000_000 + modified.getNano();
    String tag = '"' + Long.toHexString(attributes.size()) + '-' + Long.toHexString(nanos) + '"';
    boolean settled = Duration.between(modified, Instant.now()).compareTo(SETTLED) > 0;
    String made = settled ? tag : "W/" + tag;
    return new FileRequest.Version(attributes.size(), modified, ownTag == null ? made : ownTag);
  }

  private static BasicFileAttributes attributes(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new NoSuchFileException(file.toString(), null, "not a regular file");
    }
    return attributes;
  }

  private static boolean isSame(BasicFileAttributes one, BasicFileAttributes other) {
    return Objects.equals(one.fileKey(), other.fileKey())
        && one.size() == other.size()
        && one.lastModifiedTime().equals(other.lastModifiedTime());
  }

  /** So much of a file as was announced, even if it grows meanwhile. */
  private static final class Part implements ReadableByteChannel {

    private final Path path;
    private final FileChannel file;
    private final BasicFileAttributes attributes;
    private long left;

    Part(Path path, FileChannel file, BasicFileAttributes attributes) {
      this.path = path;
      this.file = file;
      this.attributes = attributes;
    }

    void limit(long from, long length) throws IOException {
      file.position(from);
      left = length;
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
      if (left == 0) {
        requireUnchanged();
      }
      return length;
    }

    /** Before the last bytes are sent, so that a mixture of two versions never looks whole. */
    private void requireUnchanged() throws IOException {
      BasicFileAttributes now;
      try {
        now = attributes(path);
      } catch (NoSuchFileException deleted) {
        return;
      }
      boolean replaced = !Objects.equals(now.fileKey(), attributes.fileKey());
      boolean appended = now.size() > attributes.size();
      if (!replaced && !appended && !isSame(now, attributes)) {
        throw new IOException("The file was changed while it was sent: " + path);
      }
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
