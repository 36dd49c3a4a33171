package org.espalier.tests.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules that are read off the sources. */
class SourceRulesTest {
  private static final int LONGEST_CLASS = 400;
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TODO|FIXME|XXX)\\b|@Disabled|@Ignore");

  private static final List<Path> MAIN = SourceTree.sources("main");
  private static final List<Path> TEST = SourceTree.sources("test");

  private static List<String> offenders(
      List<Path> files, java.util.function.Predicate<Path> offends) {
    assertTrue(files.size() > 20, "at least the core's files must be seen, got " + files.size());
    return files.stream()
        .filter(offends)
        .map(file -> SourceTree.root().relativize(file).toString())
        .toList();
  }

  @Test
  void noClassIsLongerThanFourHundredLines() {
    for (List<Path> files : List.of(MAIN, TEST)) {
      assertEquals(
          List.of(), offenders(files, file -> SourceTree.lines(file).size() > LONGEST_CLASS));
    }
  }

  @Test
  void everyPackageTellsWhatLivesThere() {
    List<Path> folders =
        MAIN.stream()
            .filter(file -> !file.endsWith("module-info.java"))
            .map(Path::getParent)
            .distinct()
            .toList();
    assertEquals(
        List.of(),
        folders.stream()
            .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
            .toList());
  }

  @Test
  void nothingIsMarkedUnfinishedOrSwitchedOff() {
    List<Path> all = new ArrayList<>(MAIN);
    all.addAll(TEST);
    all.removeIf(file -> file.endsWith("SourceRulesTest.java"));
    assertEquals(
        List.of(), offenders(all, file -> UNFINISHED.matcher(SourceTree.read(file)).find()));
  }

  @Test
  void onlyTheVectorKernelsImportTheVectorApi() {
    assertEquals(
        List.of(),
        offenders(
            MAIN,
            file ->
                SourceTree.read(file).contains("import jdk.incubator.vector")
                    && !(file.getFileName().toString().startsWith("Vector")
                        && file.toString().contains("internal"))));
  }

  /** Why: see {@code VectorPanels.FULL_TYPE}. No figure would show a store that was forgotten. */
  @Test
  void everyStoredVectorIsCastToItsClass() {
    assertEquals(List.of(), offenders(MAIN, file -> !VectorStores.areCast(SourceTree.read(file))));
    assertTrue(MAIN.stream().anyMatch(file -> VectorStores.count(SourceTree.read(file)) > 10));
  }

  @Test
  void onlyTheStoredVectorItselfCountsAsCast() {
    assertTrue(VectorStores.areCast("FULL_TYPE\n  .cast(a.add(b)).intoArray(y, i);"));
    assertFalse(VectorStores.areCast("a.add(b).intoArray(y, i);"));
    assertFalse(VectorStores.areCast("FULL_TYPE.cast(a).add(b).intoArray(y, i);"));
    assertFalse(VectorStores.areCast("FULL_TYPE.cast(a).intoArray(y, i);\n b .intoArray (y, 1);"));
    assertFalse(VectorStores.areCast("each(b::intoArray);"));
  }

  @Test
  void noWildcardImports() {
    assertEquals(
        List.of(),
        offenders(
            MAIN,
            file ->
                SourceTree.lines(file).stream().anyMatch(line -> line.matches("import .*\\*;"))));
  }

  @Test
  void publicTypesAndMethodsHaveJavadoc() {
    List<String> bare = new ArrayList<>();
    for (Path file : MAIN) {
      bare.addAll(undocumented(file));
    }
    assertEquals(List.of(), bare);
  }

  private static List<String> undocumented(Path file) {
    List<String> found = new ArrayList<>();
    List<String> lines = SourceTree.lines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).matches(" {0,4}public .*") && !isDocumented(lines, i)) {
        found.add(SourceTree.root().relativize(file) + ":" + (i + 1) + " " + lines.get(i).strip());
      }
    }
    return found;
  }

  private static boolean isDocumented(List<String> lines, int at) {
    for (int i = at - 1; i >= 0; i--) {
      String line = lines.get(i).strip();
      if (line.startsWith("@Override") || line.endsWith("*/")) {
        return true;
      }
      if (line.isEmpty() || line.endsWith(";") || line.endsWith("}") || opensBlock(line)) {
        return false;
      }
    }
    return false;
  }

  /** Tells whether a line begins a block of code, not a list in an annotation. */
  private static boolean opensBlock(String line) {
    return line.endsWith("{") && !line.endsWith("= {") && !line.startsWith("@");
  }

  @Test
  void decisionsAreNumberedWithoutGaps() throws java.io.IOException {
    try (Stream<Path> files = Files.list(SourceTree.root().resolve("docs/decisions"))) {
      List<String> numbers =
          files.map(file -> file.getFileName().toString().substring(0, 4)).sorted().toList();
      List<String> expected = new ArrayList<>();
      for (int i = 1; i <= numbers.size(); i++) {
        expected.add("%04d".formatted(i));
      }
      assertEquals(expected, numbers);
    }
  }
}
