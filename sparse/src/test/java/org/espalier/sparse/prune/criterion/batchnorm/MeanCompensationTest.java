package org.espalier.sparse.prune.criterion.batchnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelSelection;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.sparse.prune.TestNets;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MeanCompensationTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  /** The second convolution has no bias, but a norm behind it. */
  private static Module net(Activation activation) {
    return TestModels.lively(
        Sequential.of(
            new Conv2d(3, 6, 3),
            new BatchNorm(6),
            activation,
            new Conv2d(6, 5, ConvConfig.kernel(3).withoutBias()),
            new BatchNorm(5),
            Activation.relu(),
            new GlobalAveragePool(),
            new Linear(5, 2)),
        3);
  }

  private static ChannelSelection channels(ChannelGraph graph, String group, int... numbers) {
    return graph.select(group, 0, numbers);
  }

  @Test
  void constantChannelsGoWithoutTrace() {
    for (Activation activation : new Activation[] {Activation.relu(), Activation.silu()}) {
      Module model = net(activation);
      model.parameter("1.weight").update(raw -> raw.set(2, 0));
      model.parameter("1.bias").update(raw -> raw.set(2, 0.8));
      Tensor x = TestNet.sample(1, 3, 8, 8, 3);
      Tensor before = TestNet.infer(model, x);
      ChannelGraph graph = ChannelGraph.of(model, IMAGE);
      var inexact =
          MeanCompensation.cut(graph, channels(graph, "0.weight", 2), BatchNormImportance.of());
      assertTrue(inexact.isEmpty(), inexact.toString());
      assertEquals(5, model.parameter("0.weight").shape().size(0));
      assertArrayEquals(before.toDoubles(), TestNet.infer(model, x).toDoubles(), 1e-5);
    }
  }

  @Test
  void aRefusedCutChangesNothing() {
    Module model = net(Activation.relu());
    Tensor x = TestNet.sample(1, 3, 8, 8, 3);
    double[] before = TestNet.infer(model, x).toDoubles();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    ChannelSelection all = channels(graph, "0.weight", 0, 1, 2, 3, 4, 5);
    TestNets.assertRefused(
        "nothing would be left", () -> MeanCompensation.cut(graph, all, BatchNormImportance.of()));
    assertArrayEquals(before, TestNet.infer(model, x).toDoubles());
  }

  @Test
  void readersGetTheExpectedOutputOfWhatWentInTheirRunningMean() {
    Module model = net(Activation.relu());
    double beta = model.parameter("1.bias").value().get(4);
    double gamma = model.parameter("1.weight").value().get(4);
    double mean = ActivationMoment.relu().mean(beta, gamma);
    Tensor before = model.parameter("4.running_mean").value().copy();
    Tensor weight = model.parameter("3.weight").value().copy();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    MeanCompensation.cut(graph, channels(graph, "0.weight", 4), BatchNormImportance.of());
    for (int o = 0; o < 5; o++) {
      double sum = 0;
      for (int tap = 0; tap < 9; tap++) {
        sum += weight.get((o * 9 + tap) * 6 + 4);
      }
      assertEquals(
          before.get(o) - sum * mean, model.parameter("4.running_mean").value().get(o), 1e-5);
    }
  }

  @Test
  void aBiasTakesTheMeanOfALinearLayersInput() {
    Module model = net(Activation.relu());
    double mean =
        ActivationMoment.relu()
            .mean(
                model.parameter("4.bias").value().get(1),
                Math.abs(model.parameter("4.weight").value().get(1)));
    double bias = model.parameter("7.bias").value().get(0);
    double weight = model.parameter("7.weight").value().get(1);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    MeanCompensation.cut(
        graph, graph.groupOf("3.weight").selection(Indices.of(5, 1)), BatchNormImportance.of());
    assertEquals(bias + weight * mean, model.parameter("7.bias").value().get(0), 1e-6);
  }

  @Property(tries = 60)
  void everyMeanIsTheActivationOfSomething(
      @ForAll @DoubleRange(min = -3, max = 7) double beta,
      @ForAll @DoubleRange(min = 0, max = 3) double sigma) {
    for (ActivationMoment moment :
        new ActivationMoment[] {
          ActivationMoment.relu(),
          ActivationMoment.clipped(6),
          ActivationMoment.leaky(0.2),
          ActivationMoment.gelu(),
          ActivationMoment.numeric(Math::tanh),
          ActivationMoment.numeric(z -> z / (1 + Math.exp(-z)), 0)
        }) {
      double source = MeanCompensation.source(moment, beta, sigma);
      assertEquals(moment.mean(beta, sigma), moment.value(source), 1e-8);
    }
  }
}
