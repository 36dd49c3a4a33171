package org.espalier.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;

/** Names the folders that commands leave their results in; no earlier result is overwritten. */
final class RunFolder {
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

  private RunFolder() {}

  /** Returns the folder that was named, or {@code runs/DATE-title}. */
  static Path named(Path out, String title) {
    return out != null ? out : Path.of("runs", STAMP.format(LocalDateTime.now()) + "-" + title);
  }

  /**
   * Refuses a folder with anything in it.
   *
   * @param wayOut what the user may do instead
   */
  static void checkNew(Path folder, String wayOut) throws IOException {
    checkFolder(folder);
    if (Files.isDirectory(folder) && isFilled(folder)) {
      throw new IllegalArgumentException(
          folder + " is not empty, nothing was overwritten; " + wayOut);
    }
  }

  /** Refuses a file where the folder should be. */
  static void checkFolder(Path folder) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new FileAlreadyExistsException(folder.toString());
    }
  }

  private static boolean isFilled(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }
}
