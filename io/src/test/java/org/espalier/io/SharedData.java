package org.espalier.io;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the folder of big test data; where it is absent, a test is skipped and says why. */
public final class SharedData {
  private SharedData() {}

  /** Returns a file or folder in the data folder. */
  public static Path at(String relative) {
    String root = System.getProperty("espalier.data", "../../shared/data");
    Path path = Path.of(root).resolve(relative);
    assumeTrue(
        Files.exists(path), () -> path + " is absent: set -Despalier.data to the data folder");
    return path;
  }
}
