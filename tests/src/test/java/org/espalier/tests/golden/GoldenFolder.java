package org.espalier.tests.golden;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.espalier.io.Json;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * Is a folder of golden files: the one named by the system property {@code espalier.golden}, or,
 * where that is empty, the copy among the test resources.
 */
final class GoldenFolder {
  private final Path path;

  GoldenFolder(Path path) {
    this.path = path;
  }

  /** Returns the folder this run reads. */
  static GoldenFolder configured() {
    String named = System.getProperty("espalier.golden", "");
    if (!named.isEmpty()) {
      // A relative name is meant from where the build was started, not from this module.
      Path root = Path.of(System.getProperty("espalier.root", ""));
      return new GoldenFolder(root.resolve(named));
    }
    try {
      return new GoldenFolder(Path.of(GoldenFolder.class.getResource("/golden").toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the names of all that lies in the folder, golden files or not. */
  List<String> names() {
    try (Stream<Path> files = Files.list(path)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("golden files: cannot list " + path, e);
    }
  }

  /** Returns the cases of the files whose names begin with a stem, such as {@code layers}. */
  List<GoldenCase> cases(String stem) {
    List<GoldenCase> cases = new ArrayList<>();
    for (String name : names()) {
      if (name.startsWith(stem) && name.endsWith(".json")) {
        cases.addAll(read(name));
      }
    }
    return cases;
  }

  private List<GoldenCase> read(String name) {
    try {
      Map<String, Object> file =
          GoldenCase.map(Json.read(name, Files.readString(path.resolve(name))));
      return GoldenCase.list(file.get("cases")).stream()
          .map(entry -> new GoldenCase(name, GoldenCase.map(entry)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("golden files: cannot read " + path.resolve(name), e);
    }
  }

  /**
   * Returns one test a case of the files whose names begin with a stem: the check runs, and every
   * expected value must have been asked for. Without such a file the one test says so and is
   * skipped.
   */
  static Stream<DynamicTest> tests(String stem, Consumer<GoldenCase> check) {
    return tests(stem, golden -> true, check);
  }

  /** Returns the tests of those cases that satisfy a predicate, as {@link #tests} does. */
  static Stream<DynamicTest> tests(
      String stem, Predicate<GoldenCase> predicate, Consumer<GoldenCase> check) {
    GoldenFolder folder = configured();
    List<GoldenCase> cases = folder.cases(stem).stream().filter(predicate).toList();
    if (cases.isEmpty()) {
      return Stream.of(
          DynamicTest.dynamicTest(
              stem,
              () -> Assumptions.abort("no golden file " + stem + "*.json in " + folder.path)));
    }
    return cases.stream()
        .map(
            golden ->
                DynamicTest.dynamicTest(
                    golden.toString(),
                    () -> {
                      check.accept(golden);
                      golden.assertAllCompared();
                    }));
  }
}
