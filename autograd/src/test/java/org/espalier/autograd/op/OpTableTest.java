package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Asks the seven properties of the architecture's section 5 of every row of the op table. */
class OpTableTest {
  private static final double STEP = 1e-6;

  static List<Row> rows() {
    return OpTable.rows();
  }

  /** The result of one run: output and the gradient of each input, null where none is wanted. */
  private record Run(Tensor output, Tensor[] gradients) {}

  private static Run run(Row row, Tensor[] inputs, Tensor seed, int without) {
    try (Tape tape = Tape.open(Mode.TRAIN, new Workspace())) {
      Var[] vars = new Var[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i] != null) {
          vars[i] = tape.input(inputs[i], row.inputs.get(i).differentiable() && i != without);
        }
      }
      Var y = tape.apply(row.op, vars);
      Tensor[] gradients = new Tensor[inputs.length];
      if (seed != null && y.needsGradient()) {
        Gradients found = Walk.run(y, seed, Rule.GRADIENT);
        for (int i = 0; i < inputs.length; i++) {
          Tensor gradient = vars[i] == null ? null : found.of(vars[i]);
          gradients[i] = gradient == null ? null : gradient.copy();
        }
      }
      return new Run(y.value().copy(), gradients);
    }
  }

  private static Tensor random(Tensor like, String purpose) {
    Random random = Random.of(11).stream(purpose);
    Tensor tensor = Tensor.zeros(like.dtype(), like.shape());
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.normal(i));
    }
    return tensor;
  }

  private static double dot(Tensor a, Tensor b) {
    double sum = 0;
    for (int i = 0; i < a.count(); i++) {
      sum += a.get(i) * b.get(i);
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void gradientAgreesWithDifferencesInARandomDirection(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    Tensor seed = random(run(row, inputs, null, -1).output(), "seed");
    Tensor[] gradients = run(row, inputs, seed, -1).gradients();
    Tensor[] ahead = row.sample(DType.F64);
    Tensor[] behind = row.sample(DType.F64);
    double analytic = 0;
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] != null && row.inputs.get(i).differentiable()) {
        Tensor direction = random(inputs[i], "direction" + i);
        analytic += dot(gradients[i], direction);
        for (int k = 0; k < direction.count(); k++) {
          ahead[i].set(k, inputs[i].get(k) + STEP * direction.get(k));
          behind[i].set(k, inputs[i].get(k) - STEP * direction.get(k));
        }
      }
    }
    double difference =
        dot(run(row, ahead, null, -1).output(), seed)
            - dot(run(row, behind, null, -1).output(), seed);
    assertTrue(Double.isFinite(difference));
    double numeric = difference / (2 * STEP);
    assertEquals(numeric, analytic, 1e-7 * Math.max(1, Math.abs(numeric)));
  }
}
