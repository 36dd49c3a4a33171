package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests the elementwise activations, the learned one and the shares. */
class ActivationTest {
  @Test
  void eachFactoryIsTheFunctionOfItsName() {
    double x = -0.5;
    Map<Activation, Double> expected = new LinkedHashMap<>();
    expected.put(Activation.relu(), 0.0);
    expected.put(Activation.relu6(), 0.0);
    expected.put(Activation.leakyRelu(0.1), -0.05);
    expected.put(Activation.elu(2), 2 * Math.expm1(x));
    expected.put(Activation.selu(), 1.0507009873554805 * 1.6732632423543772 * Math.expm1(x));
    expected.put(Activation.gelu(), -0.154268769363);
    expected.put(Activation.geluTanh(), -0.154285989);
    expected.put(Activation.softplus(2, 20), Math.log1p(Math.exp(-1)) / 2);
    expected.put(Activation.hardSigmoid(), 2.5 / 6);
    expected.put(Activation.hardSwish(), -0.5 * 2.5 / 6);
    expected.put(Activation.hardTanh(-0.2, 1), -0.2);
    expected.put(Activation.clamp(-0.3, 1), -0.3);
    expected.put(Activation.sigmoid(), 1 / (1 + Math.exp(0.5)));
    expected.put(Activation.tanh(), Math.tanh(x));
    expected.put(Activation.silu(), x / (1 + Math.exp(0.5)));
    expected.put(Activation.softsign(), -1 / 3.0);
    expected.put(Activation.logSigmoid(), -Math.log1p(Math.exp(0.5)));
    expected.forEach(
        (activation, value) ->
            assertEquals(
                value,
                Values.infer(activation, Tensor.of(Shape.of(1, 1), (float) x)).item(),
                2e-6,
                activation.function().name()));
    assertThrows(IllegalArgumentException.class, () -> Activation.softplus(0, 20));
  }

  @Test
  void preluHasOneSlopeAChannelOrOneForAll() {
    Tensor x = Tensor.of(Shape.of(2, 2), -4f, 4, 8, -8);
    Values.assertSame(Tensor.of(Shape.of(2, 2), -1f, 4, 8, -2), Values.infer(new PRelu(), x));
    PRelu two = new PRelu(2, 0);
    two.initialize(0);
    two.weight().set(Tensor.of(Shape.of(2), 0.5f, 2));
    Values.assertSame(Tensor.of(Shape.of(2, 2), -2f, 4, 8, -16), Values.infer(two, x));
  }

  @Property(tries = 20)
  void softmaxRowsSumToOneIgnoreShiftsAndAgreeWithTheirLogarithms(
      @ForAll long seed, @ForAll @DoubleRange(min = -50, max = 50) double shift) {
    Tensor x = Values.normal(seed, 3, 5);
    Tensor moved = x.copy();
    for (int i = 0; i < x.count(); i++) {
      moved.set(i, x.get(i) + shift);
    }
    Tensor shares = Values.infer(new Softmax(-1), x);
    Tensor logarithms = Values.infer(new Softmax(-1, true), x);
    Values.assertClose(shares, Values.infer(new Softmax(-1), moved), 1e-5);
    for (int row = 0; row < 3; row++) {
      double sum = 0;
      for (int c = 0; c < 5; c++) {
        sum += shares.get(row * 5 + c);
        assertEquals(Math.log(shares.get(row * 5 + c)), logarithms.get(row * 5 + c), 1e-5);
      }
      assertEquals(1, sum, 1e-6);
    }
  }
}
