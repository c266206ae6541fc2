package io.github.safeasync.internal.guard;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.Locale;

/**
 * The writer of a {@link GuardedResponse}. After the end it takes everything and sends nothing, and
 * {@link #checkError} says so.
 */
public final class GuardedWriter extends PrintWriter {

  /** Of all, as every method that would reach it is overridden. */
  private static final Writer NOWHERE = Writer.nullWriter();

  private final Gate gate;
  private final PrintWriter writer;

  GuardedWriter(Gate gate, PrintWriter writer) {
    super(NOWHERE);
    this.gate = gate;
    this.writer = writer;
  }

  /** Whether this guards the given writer. */
  boolean guards(PrintWriter other) {
    return writer == other;
  }

  /** Flushes, as a PrintWriter does: so it finds a departure like a flush. */
  @Override
  public boolean checkError() {
    return gate.isFree() ? writer.checkError() : gate.hasFailed(writer::checkError);
  }

  @Override
  public void flush() {
    if (gate.isFree()) {
      writer.flush();
    } else {
      gate.sendQuietly(() -> writer.flush());
    }
  }

  @Override
  public void close() {
    if (gate.isFree()) {
      writer.close();
    } else {
      gate.sendQuietly(() -> writer.close());
    }
  }

  @Override
  public void write(int c) {
    if (gate.isFree()) {
      writer.write(c);
    } else {
      gate.sendQuietly(() -> writer.write(c));
    }
  }

  @Override
  public void write(char[] buf, int off, int len) {
    if (gate.isFree()) {
      writer.write(buf, off, len);
    } else {
      gate.sendQuietly(() -> writer.write(buf, off, len));
    }
  }

  @Override
  public void write(char[] buf) {
    if (gate.isFree()) {
      writer.write(buf);
    } else {
      gate.sendQuietly(() -> writer.write(buf));
    }
  }

  @Override
  public void write(String s, int off, int len) {
    if (gate.isFree()) {
      writer.write(s, off, len);
    } else {
      gate.sendQuietly(() -> writer.write(s, off, len));
    }
  }

  @Override
  public void write(String s) {
    if (gate.isFree()) {
      writer.write(s);
    } else {
      gate.sendQuietly(() -> writer.write(s));
    }
  }

  @Override
  public void print(boolean b) {
    if (gate.isFree()) {
      writer.print(b);
    } else {
      gate.sendQuietly(() -> writer.print(b));
    }
  }

  @Override
  public void print(char c) {
    if (gate.isFree()) {
      writer.print(c);
    } else {
      gate.sendQuietly(() -> writer.print(c));
    }
  }

  @Override
  public void print(int i) {
    if (gate.isFree()) {
      writer.print(i);
    } else {
      gate.sendQuietly(() -> writer.print(i));
    }
  }

  @Override
  public void print(long l) {
    if (gate.isFree()) {
      writer.print(l);
    } else {
      gate.sendQuietly(() -> writer.print(l));
    }
  }

  @Override
  public void print(float f) {
    if (gate.isFree()) {
      writer.print(f);
    } else {
      gate.sendQuietly(() -> writer.print(f));
    }
  }

  @Override
  public void print(double d) {
    if (gate.isFree()) {
      writer.print(d);
    } else {
      gate.sendQuietly(() -> writer.print(d));
    }
  }

  @Override
  public void print(char[] s) {
    if (gate.isFree()) {
      writer.print(s);
    } else {
      gate.sendQuietly(() -> writer.print(s));
    }
  }

  @Override
  public void print(String s) {
    if (gate.isFree()) {
      writer.print(s);
    } else {
      gate.sendQuietly(() -> writer.print(s));
    }
  }

  @Override
  public void print(Object obj) {
    if (gate.isFree()) {
      writer.print(obj);
    } else {
      gate.sendQuietly(() -> writer.print(obj));
    }
  }

  @Override
  public void println() {
    if (gate.isFree()) {
      writer.println();
    } else {
      gate.sendQuietly(() -> writer.println());
    }
  }

  @Override
  public void println(boolean b) {
    if (gate.isFree()) {
      writer.println(b);
    } else {
      gate.sendQuietly(() -> writer.println(b));
    }
  }

  @Override
  public void println(char c) {
    if (gate.isFree()) {
      writer.println(c);
    } else {
      gate.sendQuietly(() -> writer.println(c));
    }
  }

  @Override
  public void println(int i) {
    if (gate.isFree()) {
      writer.println(i);
    } else {
      gate.sendQuietly(() -> writer.println(i));
    }
  }

  @Override
  public void println(long l) {
    if (gate.isFree()) {
      writer.println(l);
    } else {
      gate.sendQuietly(() -> writer.println(l));
    }
  }

  @Override
  public void println(float f) {
    if (gate.isFree()) {
      writer.println(f);
    } else {
      gate.sendQuietly(() -> writer.println(f));
    }
  }

  @Override
  public void println(double d) {
    if (gate.isFree()) {
      writer.println(d);
    } else {
      gate.sendQuietly(() -> writer.println(d));
    }
  }

  @Override
  public void println(char[] s) {
    if (gate.isFree()) {
      writer.println(s);
    } else {
      gate.sendQuietly(() -> writer.println(s));
    }
  }

  @Override
  public void println(String s) {
    if (gate.isFree()) {
      writer.println(s);
    } else {
      gate.sendQuietly(() -> writer.println(s));
    }
  }

  @Override
  public void println(Object obj) {
    if (gate.isFree()) {
      writer.println(obj);
    } else {
      gate.sendQuietly(() -> writer.println(obj));
    }
  }

  @Override
  public PrintWriter printf(String format, Object... args) {
    if (gate.isFree()) {
      writer.printf(format, args);
    } else {
      gate.sendQuietly(() -> writer.printf(format, args));
    }
    return this;
  }

  @Override
  public PrintWriter printf(Locale l, String format, Object... args) {
    if (gate.isFree()) {
      writer.printf(l, format, args);
    } else {
      gate.sendQuietly(() -> writer.printf(l, format, args));
    }
    return this;
  }

  @Override
  public PrintWriter format(String format, Object... args) {
    if (gate.isFree()) {
      writer.format(format, args);
    } else {
      gate.sendQuietly(() -> writer.format(format, args));
    }
    return this;
  }

  @Override
  public PrintWriter format(Locale l, String format, Object... args) {
    if (gate.isFree()) {
      writer.format(l, format, args);
    } else {
      gate.sendQuietly(() -> writer.format(l, format, args));
    }
    return this;
  }

  @Override
  public PrintWriter append(CharSequence csq) {
    if (gate.isFree()) {
      writer.append(csq);
    } else {
      gate.sendQuietly(() -> writer.append(csq));
    }
    return this;
  }

  @Override
  public PrintWriter append(CharSequence csq, int start, int end) {
    if (gate.isFree()) {
      writer.append(csq, start, end);
    } else {
      gate.sendQuietly(() -> writer.append(csq, start, end));
    }
    return this;
  }

  @Override
  public PrintWriter append(char c) {
    if (gate.isFree()) {
      writer.append(c);
    } else {
      gate.sendQuietly(() -> writer.append(c));
    }
    return this;
  }

  /** Returns which exchange it belongs to, and how far that is. */
  @Override
  public String toString() {
    return "GuardedWriter of " + gate.exchange();
  }
}
