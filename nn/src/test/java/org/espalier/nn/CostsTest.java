package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.Scatter;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class CostsTest {
  private static final Shape CIFAR = Shape.of(32, 32, 3);

  /** The example of section 4.1: 8,704 MACs, 837 parameters. */
  @Test
  void theSheetsExampleOfConventionsCostsWhatItSays() {
    Module model =
        Sequential.of(
            new Conv2d(3, 4, ConvConfig.kernel(3).withPadding(1)),
            new BatchNorm(4),
            Activation.relu(),
            new MaxPool(2),
            new Conv2d(4, 8, ConvConfig.kernel(3).withPadding(1).withGroups(4).withoutBias()),
            Activation.relu(),
            new Flatten(),
            new Linear(128, 5));
    Costs costs = Costs.of(model, Shape.of(8, 8, 3));
    assertEquals(8_704, costs.macs());
    assertEquals(837, costs.params());
    assertEquals(2, costs.convs());
    assertEquals(256, costs.convBiasAdds());
    assertEquals(5, costs.linearBiasAdds());
    assertEquals(256, costs.bnElements());
    assertEquals(8, costs.bnBuffers());
  }

  @Property(tries = 20)
  void closedFormOfTheCifarFamilyHolds(@ForAll @IntRange(min = 1, max = 12) int n) {
    long expected = 442_368 + n * 4_718_592L + 2 * (1_179_648 + (2 * n - 1) * 2_359_296L);
    assertEquals(expected, Costs.of(ResNet.cifar(6 * n + 2, 10), CIFAR).convMacs());
  }

  @Property(tries = 20)
  void cuttingInnerChannelsSavesTheirShareOfBothConvolutions(
      @ForAll @IntRange(min = 2, max = 9) int inner, @ForAll @IntRange(min = 1, max = 8) int kept) {
    int keep = Math.min(kept, inner - 1);
    Conv2d first = new Conv2d(3, inner, 3);
    Conv2d second = new Conv2d(inner, 4, 3);
    Module chain = Sequential.of(first, second);
    Costs before = Costs.of(chain, Shape.of(8, 8, 3));

    Indices indices = Indices.where(inner, i -> i < keep);
    first.weight().cut(0, indices);
    first.bias().cut(0, indices);
    second.weight().cut(-1, indices);

    assertEquals(before.macs() * keep, Costs.of(chain, Shape.of(8, 8, 3)).macs() * inner);
  }

  @Test
  void zerosAndSharedModulesAreCountedOnce() {
    Linear twice = new Linear(4, 4);
    Module model = Sequential.of(twice, Activation.tanh(), twice).initialize(1);
    Costs before = Costs.of(model, Shape.of(4));
    assertEquals(32, before.macs());
    assertEquals(20, before.params());
    assertEquals(16, before.linearWeightParams());
    assertEquals(4, before.biasParams());
    twice.weight().update(raw -> raw.set(5, 0));
    assertEquals(19, Costs.of(model, Shape.of(4)).nonZeroParams());
    assertEquals(0, before.macsSavedBy(before));
  }

  @Test
  void otherScaleCallsAreNoBatchNorms() {
    Module model = Sequential.of(new Scatter(new int[] {0, 2}, 4), new BatchNorm(4));
    Costs costs = Costs.of(model, Shape.of(5, 5, 2));
    assertEquals(100, costs.bnElements());
    assertEquals(8, costs.bnParams());
  }

  @Test
  void masksAreCountedByEffectiveValues() {
    Linear layer = new Linear(3, 2, false);
    layer.initialize(1);
    layer.weight().attach(new FirstRowOnly());
    Costs costs = Costs.of(layer, Shape.of(3));
    assertEquals(6, costs.params());
    assertEquals(3, costs.nonZeroParams());
  }

  /** Keeps the first row of a 2x3 matrix. */
  private static final class FirstRowOnly implements Parametrization {
    @Override
    public Var apply(Pass pass, Var raw) {
      return Ops.mul(raw, Var.constant(Tensor.of(Shape.of(2, 3), 1f, 1, 1, 0, 0, 0)));
    }

    @Override
    public Map<String, Parameter> parameters() {
      return Map.of();
    }

    @Override
    public Spec spec() {
      return Spec.of("first_row");
    }
  }
}
