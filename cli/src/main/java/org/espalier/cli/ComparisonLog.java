package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.io.Json;
import org.espalier.io.JsonLines;
import org.espalier.tensor.FormatException;

/**
 * Keeps the finished runs of a comparison in a file, each written at once: a comparison that is
 * started again finds them there.
 */
final class ComparisonLog implements AutoCloseable {
  /** The file in the run folder. */
  static final String FILE = "runs.jsonl";

  private static final String SETTINGS = "settings";

  private final JsonLines lines;
  private final Map<ComparedRun.Key, ComparedRun> runs;

  private ComparisonLog(JsonLines lines, Map<ComparedRun.Key, ComparedRun> runs) {
    this.lines = lines;
    this.runs = runs;
  }

  /**
   * Opens the log of a folder, which is created if need be; refused where it was begun with other
   * settings, whose runs could not be compared.
   *
   * @param settings everything that changes the result of a run
   */
  static ComparisonLog open(Path folder, Map<String, Object> settings) throws IOException {
    check(folder, settings);
    Files.createDirectories(folder);
    Path file = folder.resolve(FILE);
    // Half a line, of a run that was killed while it was written, is cut off first.
    JsonLines lines = JsonLines.append(file);
    Map<ComparedRun.Key, ComparedRun> runs = new LinkedHashMap<>();
    for (Map<String, Object> entry : JsonLines.read(file)) {
      if (ComparedRun.EVENT.equals(entry.get("event"))) {
        ComparedRun run = ComparedRun.of(entry);
        runs.put(run.key(), run);
      }
    }
    if (Files.size(file) == 0) {
      Map<String, Object> first = new LinkedHashMap<>();
      first.put("event", SETTINGS);
      first.putAll(settings);
      lines.accept(first);
    }
    return new ComparisonLog(lines, runs);
  }

  /** Refuses a folder that holds something else than runs with these settings. */
  static void check(Path folder, Map<String, Object> settings) throws IOException {
    RunFolder.checkFolder(folder);
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      RunFolder.checkNew(folder, "choose another --out");
      return;
    }
    String first = Files.readString(file).lines().findFirst().orElse("");
    if (first.isEmpty()) {
      return;
    }
    Map<String, Object> before = Json.readObject(file + ": line 1", first);
    if (!SETTINGS.equals(before.get("event"))) {
      throw new FormatException(file + " does not begin with a comparison's settings");
    }
    settings.forEach(
        (name, value) -> {
          if (!value.equals(before.get(name))) {
            throw new IllegalArgumentException(
                "%s was begun with %s %s, now it is %s; choose another --out, or the options of then"
                    .formatted(folder, name, before.get(name), value));
          }
        });
  }

  /** Returns the run with this key, null where it is not finished. */
  ComparedRun find(ComparedRun.Key key) {
    return runs.get(key);
  }

  /** Keeps a finished run. */
  void add(ComparedRun run) {
    lines.accept(run.entry());
    runs.put(run.key(), run);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
