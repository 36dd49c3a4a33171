package org.espalier.tests.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds the project's own files. */
final class SourceTree {
  private SourceTree() {}

  /** Returns the project's root folder, which the build names. */
  static Path root() {
    Path root = Path.of(System.getProperty("espalier.root", "..")).toAbsolutePath().normalize();
    if (!Files.exists(root.resolve("pom.xml")) || !Files.exists(root.resolve("tensor"))) {
      throw new IllegalStateException(root + " is not the project's root; set -Despalier.root");
    }
    return root;
  }

  /** Returns all Java sources below {@code module/src/kind}, for every module. */
  static List<Path> sources(String kind) {
    try (Stream<Path> modules = Files.list(root())) {
      return modules
          .map(module -> module.resolve("src").resolve(kind).resolve("java"))
          .filter(Files::isDirectory)
          .flatMap(SourceTree::javaFiles)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> javaFiles(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(Path file) {
    return read(file).lines().toList();
  }
}
