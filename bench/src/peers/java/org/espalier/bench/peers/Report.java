package org.espalier.bench.peers;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints results as a table and writes them as JSON. */
final class Report {
  private static final String ROW = "%-8s %-34s %2d  %11.4f  %-8s %11.4f  %6.2f  %5.2f-%-5.2f %.0e";

  private Report() {}

  static void head(PrintStream out) {
    out.printf(
        "%-8s %-34s %2s  %11s  %-8s %11s  %6s  %11s %s%n",
        "group",
        "name",
        "th",
        "espalier ms",
        "peer",
        "peer ms",
        "ratio",
        "quartiles",
        "difference");
  }

  static void row(PrintStream out, Result result) {
    out.println(
        String.format(
            Locale.ROOT,
            ROW,
            result.contest().group(),
            result.contest().name(),
            result.threads(),
            result.espalierMillis(),
            result.contest().peer(),
            result.peerMillis(),
            result.ratio(),
            result.low(),
            result.high(),
            result.difference()));
  }

  /** Writes a list of objects, through a temporary file beside it. */
  static void write(Path file, List<Result> results) throws IOException {
    String json =
        results.stream().map(Report::json).collect(Collectors.joining(",\n  ", "[\n  ", "\n]\n"));
    Files.createDirectories(file.getParent());
    Path temporary = Files.createTempFile(file.getParent(), "compare", ".json");
    Files.writeString(temporary, json);
    Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String json(Result result) {
    return String.format(
        Locale.ROOT,
        "{\"group\": \"%s\", \"name\": \"%s\", \"threads\": %d, \"espalier_ms\": %.6f, "
            + "\"peer\": \"%s\", \"peer_ms\": %.6f, \"ratio\": %.4f}",
        result.contest().group(),
        result.contest().name(),
        result.threads(),
        result.espalierMillis(),
        result.contest().peer(),
        result.peerMillis(),
        result.ratio());
  }
}
