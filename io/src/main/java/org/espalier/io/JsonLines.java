package org.espalier.io;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Appends records to a log, one JSON object a line, each on disk before the next: what a killed run
 * has logged can be read.
 *
 * <p>A number that JSON cannot hold (NaN, an infinity) is written as text. Thread-safe.
 */
public final class JsonLines implements Consumer<Map<String, ?>>, AutoCloseable {
  private final Path file;
  private final BufferedWriter writer;

  private JsonLines(Path file, BufferedWriter writer) {
    this.file = file;
    this.writer = writer;
  }

  /** Opens a log and empties it. */
  public static JsonLines create(Path file) throws IOException {
    return new JsonLines(
        file,
        Files.newBufferedWriter(
            file,
            StandardCharsets.UTF_8,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE));
  }

  /**
   * Opens a log to go on with. If a killed run left half a line at its end, that line is cut off.
   */
  public static JsonLines append(Path file) throws IOException {
    if (Files.exists(file)) {
      cutHalfLine(file);
    }
    return new JsonLines(
        file,
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
  }

  /**
   * Opens a log to go on with, as {@link #append(Path)} does, and drops records first: those that a
   * resumed run will write again.
   *
   * @param kept tells which records stay
   */
  public static JsonLines append(Path file, Predicate<Map<String, Object>> kept)
      throws IOException {
    if (Files.exists(file)) {
      cutHalfLine(file);
      List<String> lines = lines(file);
      List<Map<String, Object>> entries = read(file);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < lines.size(); i++) {
        text.append(kept.test(entries.get(i)) ? lines.get(i) + "\n" : "");
      }
      AtomicFile.write(file, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
    }
    return append(file);
  }

  private static List<String> lines(Path file) throws IOException {
    return Json.decode(file.toString(), Files.readAllBytes(file)).lines().toList();
  }

  private static void cutHalfLine(Path file) throws IOException {
    String text = Json.decode(file.toString(), Files.readAllBytes(file));
    int end = text.lastIndexOf('\n') + 1;
    if (end < text.length()) {
      AtomicFile.write(
          file, out -> out.write(text.substring(0, end).getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** Writes one record as one line. */
  @Override
  public synchronized void accept(Map<String, ?> entry) {
    Map<String, Object> written = new LinkedHashMap<>();
    entry.forEach((name, value) -> written.put(name, writable(value)));
    try {
      writer.write(Json.write(written));
      writer.write('\n');
      writer.flush();
    } catch (IOException failure) {
      throw new UncheckedIOException(file + ": cannot write the log", failure);
    }
  }

  private static Object writable(Object value) {
    boolean floating = value instanceof Double || value instanceof Float;
    return floating && !Double.isFinite(((Number) value).doubleValue()) ? value.toString() : value;
  }

  @Override
  public synchronized void close() throws IOException {
    writer.close();
  }

  /** Reads all records of a log. */
  public static List<Map<String, Object>> read(Path file) throws IOException {
    List<String> lines = lines(file);
    List<Map<String, Object>> entries = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      entries.add(Json.readObject(file + ": line " + (i + 1), lines.get(i)));
    }
    return entries;
  }
}
