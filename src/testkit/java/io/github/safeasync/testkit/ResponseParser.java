package io.github.safeasync.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads responses of HTTP/1.1 (RFC 9112) and keeps what came of a truncated one. */
final class ResponseParser {
  private final InputStream in;
  private Map<String, List<String>> trailers = Map.of();

  ResponseParser(InputStream in) {
    this.in = in;
  }

  /**
   * Reads one response, no byte further.
   *
   * @throws EOFException if the connection ended, in whichever way, within the head
   * @throws SocketTimeoutException if no byte came for the socket's timeout
   */
  RawResponse read(boolean headOnly) throws IOException {
    String statusLine = line();
    if (!statusLine.startsWith("HTTP/1.1 ")) {
      throw new IOException("no status line: " + statusLine);
    }
    int status = Integer.parseInt(statusLine.substring(9, 12));
    Map<String, List<String>> headers = fields();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    boolean complete = hasNoBody(status, headOnly) || readBody(headers, body);
    RawResponse.End end = complete ? RawResponse.End.COMPLETE : RawResponse.End.TRUNCATED;
    return new RawResponse(status, headers, body.toByteArray(), trailers, end);
  }

  private Map<String, List<String>> fields() throws IOException {
    Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      fields
          .computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
    return fields;
  }

  private static boolean hasNoBody(int status, boolean headOnly) {
    return headOnly || status < 200 || status == 204 || status == 304;
  }

  private boolean readBody(Map<String, List<String>> headers, ByteArrayOutputStream body)
      throws IOException {
    try {
      if (headers.containsKey("Transfer-Encoding")) {
        readChunks(body);
      } else if (headers.containsKey("Content-Length")) {
        copy(Long.parseLong(headers.get("Content-Length").get(0)), body);
      } else {
        for (int next = in.read(); next >= 0; next = in.read()) {
          body.write(next);
        }
      }
      return true;
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  private void readChunks(ByteArrayOutputStream body) throws IOException {
    for (int size = chunkSize(); size > 0; size = chunkSize()) {
      copy(size, body);
      line();
    }
    trailers = fields();
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(line().split(";", 2)[0].strip(), 16);
  }

  private void copy(long length, ByteArrayOutputStream body) throws IOException {
    for (long left = length; left > 0; left--) {
      body.write(octet());
    }
  }

  /** Reads up to a line's end, which it leaves out. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = octet(); next != '\n'; next = octet()) {
      line.write(next);
    }
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }

  private int octet() throws IOException {
    int next = in.read();
    if (next < 0) {
      throw new EOFException("the connection was closed");
    }
    return next;
  }
}
