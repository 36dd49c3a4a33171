package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** Knows which test takes which file, reports the others, and tests the reader itself. */
class GoldenFolderTest {
  /** The beginnings of file names that a test takes. */
  private static final List<String> STEMS =
      List.of(
          GoldenLayersTest.STEM,
          GoldenModelCostsTest.STEM,
          GoldenOptimizersTest.STEM,
          GoldenRlsTest.STEM,
          GoldenStructuredPruningTest.STEM,
          GoldenSoftFilterPruningTest.STEM,
          GoldenBatchNormImportanceTest.STEM,
          GoldenHRankTest.STEM,
          GoldenNeuronImportanceTest.STEM,
          GoldenLrpetTest.STEM,
          GoldenWideResNetTest.STEM,
          GoldenSclTest.STEM,
          GoldenPruningTest.STEM,
          GoldenStructuralTest.STEM);

  @TestFactory
  Stream<DynamicTest> everyFileIsTakenByATest() {
    return GoldenFolder.configured().names().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> report(name)));
  }

  /** Skips where no test takes the file, and says so in the log too. */
  private static void report(String name) {
    if (!isTaken(name)) {
      String message = "no test takes the golden file " + name + "; known beginnings: " + STEMS;
      System.getLogger(GoldenFolderTest.class.getName()).log(System.Logger.Level.WARNING, message);
      Assumptions.abort(message);
    }
  }

  private static boolean isTaken(String name) {
    return name.endsWith(".json") && STEMS.stream().anyMatch(name::startsWith);
  }

  @Test
  void filesThatNoTestTakesAreReportedWhateverTheyAre(@TempDir Path folder) throws IOException {
    for (String name : List.of("layers.json", "layers.txt", "99-other.json", "README.md")) {
      Files.writeString(folder.resolve(name), "{\"cases\":[]}");
    }
    assertEquals(
        List.of("99-other.json", "README.md", "layers.txt"),
        new GoldenFolder(folder).names().stream().filter(name -> !isTaken(name)).toList());
    assertThrows(TestAbortedException.class, () -> report("layers.txt"));
    report("layers.json");
  }

  private static GoldenCase golden(Map<String, Object> inputs, Map<String, Object> expected) {
    return new GoldenCase(
        "file.json", Map.of("name", "a", "inputs", inputs, "expected", expected, "atol", 1e-5));
  }

  private static Map<String, Object> tensor(List<Object> shape, Object... data) {
    return Map.of("shape", shape, "data", List.of(data));
  }

  @Test
  void toleranceGrowsWithTheLargestNumberOfTheTensorOnly() {
    GoldenCase golden = golden(Map.of(), Map.of("y", tensor(List.of(2L), 1000.0, 0L)));
    golden.expect("y", Tensor.of(Shape.of(2), 1000.009, 0.009));
    assertThrows(
        AssertionError.class, () -> golden.expect("y", Tensor.of(Shape.of(2), 1000.0, 0.011)));
    assertThrows(AssertionError.class, () -> golden.expect("y", Tensor.of(Shape.of(1), 1000.0)));
    GoldenCase small = golden(Map.of(), Map.of("y", tensor(List.of(1L), 0.001)));
    small.expect("y", Tensor.of(Shape.of(1), 0.001009));
    assertThrows(AssertionError.class, () -> small.expect("y", Tensor.of(Shape.of(1), 0.001011)));
    assertThrows(AssertionError.class, () -> small.expect("y", Tensor.of(Shape.of(1), Double.NaN)));
  }

  @Test
  void integersTextsAndListsAreComparedExactly() {
    GoldenCase golden =
        golden(
            Map.of(),
            Map.of(
                "n", 3L, "names", List.of("a", "b"), "k", List.of(1L, 2L), "m", Map.of("x", 0.5)));
    golden.expect("n", 3);
    golden.expect("names", List.of("a", "b"));
    golden.expect("k", List.of(1, 2));
    golden.expect("m", Map.of("x", 0.500001));
    golden.assertAllCompared();
    assertThrows(AssertionError.class, () -> golden.expect("k", List.of(1, 3)));
    assertThrows(AssertionError.class, () -> golden.expect("names", List.of("a", "c")));
    assertThrows(AssertionError.class, () -> golden.expect("other", 1));
  }

  @Test
  void valuesNobodyComparedAreReported() {
    GoldenCase golden = golden(Map.of("p", 1L), Map.of("y", 1.0, "gx", 2.0));
    golden.expect("y", 1.0);
    assertThrows(AssertionError.class, golden::assertAllCompared);
    assertTrue(golden.has("p"));
    assertFalse(golden.has("q"));
    assertEquals(7, golden.number("q", 7));
  }

  @Test
  void channelsMoveToTheEndAndBack() {
    Tensor first = Tensor.zeros(DType.F64, Shape.of(2, 3, 4, 5));
    for (int i = 0; i < first.count(); i++) {
      first.set(i, i);
    }
    Tensor last = ChannelsLast.of(first);
    assertEquals(Shape.of(2, 4, 5, 3), last.shape());
    assertEquals(first.get(first.offset(1, 2, 3, 4)), last.get(last.offset(1, 3, 4, 2)));
    assertTrue(first.bitEquals(ChannelsLast.undo(last)));
  }
}
