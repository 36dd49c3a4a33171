package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Asks six of the seven properties of every row; {@link OpTableCutTest} asks the sixth. */
class OpTableTest {
  private static final double STEP = 1e-6;

  static List<Row> rows() {
    return OpTable.rows();
  }

  static Stream<Row> linearRows() {
    return OpTable.rows().stream().filter(row -> row.op.role() == Role.LINEAR);
  }

  private static Tensor seed(Row row, DType dtype) {
    return Run.random(Run.forward(row.op, row.sample(dtype)), "seed");
  }

  private static boolean differentiable(Row row, int i) {
    return row.inputs.get(i) != null && row.inputs.get(i).differentiable();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void gradientAgreesWithDifferencesInARandomDirection(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    Tensor seed = seed(row, DType.F64);
    Tensor[] gradients = Run.of(row, inputs, seed, -1).gradients();
    Tensor[] ahead = row.sample(DType.F64);
    Tensor[] behind = row.sample(DType.F64);
    double analytic = 0;
    for (int i = 0; i < inputs.length; i++) {
      if (differentiable(row, i)) {
        Tensor direction = Run.random(inputs[i], "direction" + i);
        analytic += Run.dot(gradients[i], direction);
        for (int k = 0; k < direction.count(); k++) {
          ahead[i].set(k, inputs[i].get(k) + STEP * direction.get(k));
          behind[i].set(k, inputs[i].get(k) - STEP * direction.get(k));
        }
      }
    }
    double difference =
        Run.dot(Run.forward(row.op, ahead), seed) - Run.dot(Run.forward(row.op, behind), seed);
    assertTrue(Double.isFinite(difference));
    double numeric = difference / (2 * STEP);
    assertEquals(numeric, analytic, 1e-7 * Math.max(1, Math.abs(numeric)));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void shapeRuleIsTheRealOutputShape(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    Tensor y = Run.forward(row.op, inputs);
    assertEquals(row.op.axes(shapes(inputs)).output(), y.shape());
    for (int i = 0; i < y.count(); i++) {
      assertTrue(Double.isFinite(y.get(i)), "element " + i + " was not written");
    }
  }

  private static Shape[] shapes(Tensor... inputs) {
    return Stream.of(inputs).map(x -> x == null ? null : x.shape()).toArray(Shape[]::new);
  }

  @ParameterizedTest
  @MethodSource("rowsWithBadShapes")
  void wrongShapesAreRefusedNamingOpAndInput(Row row) {
    badShapes(row).forEach((wrong, input) -> refused(row, input, wrong));
  }

  static Stream<Row> rowsWithBadShapes() {
    return OpTable.rows().stream().filter(row -> !badShapes(row).isEmpty());
  }

  /**
   * Returns shapes that an input must refuse: another rank where the signature gives one, another
   * size where a letter of input 0 gives it.
   */
  private static Map<Shape, Integer> badShapes(Row row) {
    Map<Shape, Integer> bad = new LinkedHashMap<>();
    Shape[] shapes = shapes(row.sample(DType.F64));
    AxisSpec spec = row.op.axes(shapes).spec();
    for (int i = 0; spec != null && i < shapes.length; i++) {
      List<Term> terms = spec.inputs().get(i).terms();
      if (shapes[i] == null || terms.stream().anyMatch(Rest.class::isInstance)) {
        continue;
      }
      int[] more = new int[shapes[i].rank() + 1];
      Arrays.fill(more, 1);
      bad.put(Shape.of(more), i);
      for (int axis = 0; i > 0 && axis < terms.size(); axis++) {
        boolean shared = spec.inputs().get(0).terms().contains(terms.get(axis));
        if (shared && terms.get(axis) instanceof Letter) {
          bad.put(shapes[i].with(axis, shapes[i].size(axis) + 1), i);
        }
      }
    }
    return bad;
  }

  private static void refused(Row row, int input, Shape wrong) {
    Shape[] shapes = shapes(row.sample(DType.F64));
    String name = row.op.axes(shapes).spec().inputs().get(input).name();
    shapes[input] = wrong;
    String message =
        assertThrows(ShapeException.class, () -> row.op.axes(shapes), () -> row + " took " + wrong)
            .getMessage();
    assertTrue(message.startsWith(row.op.name() + ":"), message);
    assertTrue(message.contains("'" + name + "'"), message);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void gradientsNobodyNeedsAreNullAndChangeNoOther(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    Tensor seed = seed(row, DType.F64);
    Tensor[] all = Run.of(row, inputs, seed, -1).gradients();
    for (int without = 0; without < inputs.length; without++) {
      if (differentiable(row, without)) {
        Tensor[] some = Run.of(row, inputs, seed, without).gradients();
        assertNull(some[without]);
        boolean any = Stream.of(some).anyMatch(gradient -> gradient != null);
        for (int i = 0; any && i < inputs.length; i++) {
          if (i != without && differentiable(row, i)) {
            assertTrue(some[i].bitEquals(all[i]), "gradient " + i + " without " + without);
          }
        }
      } else {
        assertNull(all[without]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void whatIsNotKeptIsNotRead(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    Tensor seed = seed(row, DType.F64);
    Run expected = Run.of(row, inputs, seed, -1);
    Run actual = Run.released(row, inputs, seed);
    assertTrue(actual.output().bitEquals(expected.output()));
    for (int i = 0; i < inputs.length; i++) {
      if (differentiable(row, i)) {
        assertTrue(actual.gradients()[i].bitEquals(expected.gradients()[i]), "gradient " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void kernelSetsAgreeForwardAndBackward(Row row) {
    Tensor[] wide = row.sample(DType.F64);
    Tensor seed = seed(row, DType.F64);
    Run expected = Run.of(row, wide, seed, -1);
    for (String set : kernelSets()) {
      KernelLookup.using(
          set,
          () -> {
            Run actual = Run.of(row, row.sample(DType.F32), seed.to(DType.F32), -1);
            close(row, set + " output", expected.output(), actual.output());
            for (int i = 0; i < wide.length; i++) {
              if (differentiable(row, i)) {
                String what = set + " gradient " + i;
                close(row, what, expected.gradients()[i], actual.gradients()[i]);
              }
            }
          });
    }
  }

  private static Set<String> kernelSets() {
    Set<String> sets = new TreeSet<>(Set.of("reference", "scalar"));
    try {
      KernelLookup.named("vector");
      sets.add("vector");
    } catch (StateException noVectors) {
      System.getLogger(OpTableTest.class.getName())
          .log(System.Logger.Level.INFO, "vector kernels not compared: " + noVectors.getMessage());
    }
    return sets;
  }

  private static void close(Row row, String what, Tensor expected, Tensor actual) {
    double scale = 1;
    for (int i = 0; i < expected.count(); i++) {
      scale = Math.max(scale, Math.abs(expected.get(i)));
    }
    int longest =
        row.inputs.stream().mapToInt(in -> in == null ? 1 : in.shape().count()).max().orElse(1);
    double bound = row.tolerance * Math.sqrt(longest) * scale;
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), bound, row + ", " + what + ", element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("linearRows")
  void linearOpsAreLinearInTheirDataAndConserveRelevance(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    if (inputs.length > 2) {
      inputs[2] = null;
    }
    Tensor y = Run.forward(row.op, inputs);
    Tensor share = Run.random(y, "relevance");
    Tensor relevance = Tensor.zeros(y.dtype(), y.shape());
    for (int i = 0; i < y.count(); i++) {
      double stable = y.get(i) + (y.get(i) >= 0 ? 1e-12 : -1e-12);
      // A dropped output carries no relevance.
      relevance.set(i, y.get(i) == 0 ? 0 : share.get(i));
      share.set(i, relevance.get(i) / stable);
    }
    Tensor dx = Run.of(row, inputs, share, -1).gradients()[0];
    double total = sum(relevance);
    assertEquals(total, Run.dot(inputs[0], dx), 1e-8 * Math.max(1, Math.abs(total)));
    Tensor[] scaled = inputs.clone();
    scaled[0] = Run.forward(new Pointwise(Unary.AFFINE, -2.5, 0), inputs[0]);
    Tensor twice = Run.forward(row.op, scaled);
    for (int i = 0; i < y.count(); i++) {
      assertEquals(-2.5 * y.get(i), twice.get(i), 1e-12 * Math.max(1, Math.abs(y.get(i))));
    }
  }

  private static double sum(Tensor tensor) {
    double sum = 0;
    for (int i = 0; i < tensor.count(); i++) {
      sum += tensor.get(i);
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void repeatsAreBitEqualAndInputsUnchanged(Row row) {
    Tensor[] inputs = row.sample(DType.F32);
    Tensor seed = seed(row, DType.F32);
    Run first = Run.of(row, inputs, seed, -1);
    Run second = Run.of(row, inputs, seed, -1);
    assertTrue(first.output().bitEquals(second.output()));
    Tensor[] fresh = row.sample(DType.F32);
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] != null) {
        assertTrue(inputs[i].bitEquals(fresh[i]), "input " + i + " was changed");
      }
      if (differentiable(row, i)) {
        assertNotNull(first.gradients()[i]);
        assertTrue(first.gradients()[i].bitEquals(second.gradients()[i]), "gradient " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void costCountsMultiplicationsOfLinearAndConvolutionOnly(Row row) {
    Axes axes = row.op.axes(shapes(row.sample(DType.F64)));
    boolean counted =
        row.op instanceof Linear || row.op instanceof Convolution || row.op instanceof MatMul;
    assertEquals(counted, row.op.cost(axes).macs() > 0);
  }

  @Test
  void everyOpHasARow() throws IOException {
    Set<String> withRow =
        OpTable.rows().stream().map(row -> row.op.getClass().getName()).collect(Collectors.toSet());
    Set<String> without = new TreeSet<>(ops());
    assertTrue(without.size() > 20, "the guard found only " + without);
    without.removeAll(withRow);
    assertEquals(Set.of(), without, "ops without a row in OpTable");
  }

  /** Returns the names of all compiled classes of this module that implement Op. */
  private static Set<String> ops() throws IOException {
    Path classes = Path.of("target", "classes").toAbsolutePath();
    try (Stream<Path> files = Files.walk(classes)) {
      return files
          .filter(file -> file.toString().endsWith(".class") && !file.endsWith("module-info.class"))
          .map(file -> classes.relativize(file).toString().replace(java.io.File.separatorChar, '.'))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .filter(OpTableTest::isOp)
          .collect(Collectors.toSet());
    }
  }

  private static boolean isOp(String name) {
    try {
      Class<?> type = Class.forName(name, false, OpTableTest.class.getClassLoader());
      return Op.class.isAssignableFrom(type) && !type.isInterface();
    } catch (ClassNotFoundException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
