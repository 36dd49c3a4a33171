package org.espalier.autograd.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.espalier.autograd.Op;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Unary;

/**
 * One row of the op table: an op with samples of its inputs, and what its properties may not ask.
 */
final class Row {
  /** Where samples are drawn, so that differences stay away from kinks. */
  enum Domain {
    ANY,
    POSITIVE,
    AWAY_FROM_ZERO,
    INSIDE_ONE,
    PROBABILITY;

    static Domain of(Unary.Domain domain) {
      return valueOf(domain.name());
    }
  }

  /** One input: shape, safe domain, or fixed integers; null shape for an absent one. */
  record Input(Shape shape, Domain domain, boolean differentiable, int[] numbers) {
    boolean isInteger() {
      return numbers != null;
    }
  }

  final String name;
  final Op op;
  final List<Input> inputs = new ArrayList<>();

  /** Axes of input 0 along which the op mixes or counts, so that cutting one changes the rest. */
  final Set<Integer> mixed = new HashSet<>();

  /** How the op reads after one channel was cut, where it states their number. */
  UnaryOperator<Op> afterCut = same -> same;

  /** Whether values hang on positions, so that nothing may be permuted. */
  boolean positional;

  /** Share of the output's scale that a float32 result may miss, by √(summed length). */
  double tolerance = 1e-6;

  private Row(String name, Op op) {
    this.name = name;
    this.op = op;
  }

  static Row of(String name, Op op) {
    return new Row(name, op);
  }

  Row in(int... sizes) {
    return in(Domain.ANY, sizes);
  }

  Row in(Domain domain, int... sizes) {
    inputs.add(new Input(Shape.of(sizes), domain, true, null));
    return this;
  }

  Row constant(Domain domain, int... sizes) {
    inputs.add(new Input(Shape.of(sizes), domain, false, null));
    return this;
  }

  Row absent() {
    inputs.add(null);
    return this;
  }

  Row index(int... numbers) {
    return index(Shape.of(numbers.length), numbers);
  }

  Row index(Shape shape, int... numbers) {
    inputs.add(new Input(shape, Domain.ANY, false, numbers));
    return this;
  }

  Row mixing(Integer... axes) {
    mixed.addAll(Arrays.asList(axes));
    return this;
  }

  Row positional() {
    positional = true;
    return this;
  }

  Row afterCut(UnaryOperator<Op> change) {
    afterCut = change;
    return this;
  }

  Row tolerance(double value) {
    tolerance = value;
    return this;
  }

  /** Returns fresh sample inputs; floats of the given type, the same numbers every time. */
  Tensor[] sample(DType dtype) {
    Tensor[] tensors = new Tensor[inputs.size()];
    for (int i = 0; i < tensors.length; i++) {
      Input input = inputs.get(i);
      if (input == null) {
        continue;
      }
      if (input.isInteger()) {
        tensors[i] = Tensor.of(input.shape(), input.numbers().clone());
      } else {
        tensors[i] = fill(input, Random.of(7).stream(name).at(i)).to(dtype);
      }
    }
    return tensors;
  }

  private static Tensor fill(Input input, Random random) {
    Tensor tensor = Tensor.zeros(DType.F64, input.shape());
    for (int k = 0; k < tensor.count(); k++) {
      double u = random.uniform(k);
      double sign = random.uniform(1_000_000 + k) < 0.5 ? -1 : 1;
      double value =
          switch (input.domain()) {
            case ANY -> random.normal(k);
            case POSITIVE -> 0.5 + u;
            case AWAY_FROM_ZERO -> sign * (0.1 + 2 * u);
            case INSIDE_ONE -> sign * 0.9 * u;
            case PROBABILITY -> u;
          };
      // Rounded to float32, so that both types compute on the same numbers.
      tensor.set(k, (float) value);
    }
    return tensor;
  }

  @Override
  public String toString() {
    return name;
  }
}
