package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Walk;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Penalty;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.StructureScales.Structure;
import org.espalier.sparse.prune.DeadUnits;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StructureScalesTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);

  private static Sequential net() {
    Sequential net =
        Sequential.builder()
            .add("conv", new Conv2d(3, 8, 3))
            .add("norm", new BatchNorm(8))
            .add("relu", Activation.relu())
            .add("flat", new Flatten())
            .add("fc1", new Linear(32, 10))
            .add("relu2", Activation.relu())
            .add("fc2", new Linear(10, 5))
            .build();
    net.initialize(2);
    return net;
  }

  private static StructureScales attach(Parameter weight, double epsilon, float... alpha) {
    StructureScales scales = new StructureScales(Tensor.of(Shape.of(alpha.length), alpha), epsilon);
    weight.attach(scales);
    return scales;
  }

  @Test
  void structuresOfScaleZeroAreRemovedPhysicallyAndNothingElseChanges() {
    Sequential model = net();
    attach(model.parameter("conv.weight"), 1e-2, 1, 0.001f, 2, -0.5f, 0, 1, -0.009f, 1);
    attach(model.parameter("fc1.weight"), 1e-2, 0, 1, 1, 1, 1, 0.005f, 1, 1, 1, 1);
    Tensor x = TestNet.sample(3, 4, 4, 4, 3);
    Tensor before = TestNet.infer(model, x);
    DeadUnits.remove(model, IMAGE);
    assertEquals(Shape.of(5, 3, 3, 3), model.parameter("conv.weight").shape());
    assertEquals(Shape.of(8, 20), model.parameter("fc1.weight").shape());
    assertEquals(
        5,
        StructureScales.class
            .cast(model.parameter("conv.weight").parametrizations().get(0))
            .alpha()
            .shape()
            .count());
    Tensor after = TestNet.infer(model, x);
    for (int i = 0; i < before.count(); i++) {
      assertEquals(before.get(i), after.get(i), 1e-5);
    }
    assertTrue(Costs.of(model, IMAGE).macs() < Costs.of(net(), IMAGE).macs());
  }

  @ParameterizedTest
  @EnumSource
  void everyStructureScalesItsWeightsAndSumsTheirGradients(Structure structure) {
    Sequential model = net();
    Parameter weight = model.parameter("conv.weight");
    double[] v = weight.value().toDoubles();
    Shape shape = structure.scales(weight.shape());
    Tensor alpha = TestNet.sample(8, shape.sizes());
    alpha.set(alpha.count() - 1, alpha.count() == 1 ? 0.7 : 1e-4);
    StructureScales scales = new StructureScales(structure, alpha, 1e-3);
    weight.attach(scales);
    Tensor g = TestNet.sample(9, 8, 3, 3, 3);
    double[] expected = new double[alpha.count()];
    double[] w = weight.value().toDoubles();
    for (int i = 0; i < v.length; i++) {
      int position = i / 3 % 9;
      int of =
          switch (structure) {
            case FILTER -> i / 27;
            case CHANNEL -> i % 3;
            case POSITION -> position;
            case LAYER -> 0;
          };
      double a = Math.abs(alpha.get(of)) < 1e-3 ? 0 : alpha.get(of);
      assertEquals(v[i] * a, w[i], 1e-6);
      expected[of] += g.get(i) * v[i];
    }
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients = Walk.run(pass.value(weight), g, Rule.GRADIENT);
      for (int k = 0; k < expected.length; k++) {
        assertEquals(expected[k], gradients.of(scales.alpha()).get(k), 1e-5);
      }
    }
    Tensor x = TestNet.sample(3, 4, 4, 4, 3);
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
  }

  @Test
  void inputChannelsOfScaleZeroTakeTheirMakersAlong() {
    Sequential model =
        Sequential.builder()
            .add("c1", new Conv2d(3, 6, 1))
            .add("relu", Activation.relu())
            .add("c2", new Conv2d(6, 4, 3))
            .add("flat", new Flatten())
            .add("fc", new Linear(16, 5))
            .build();
    model.initialize(1);
    StructureScales scales =
        new StructureScales(Structure.CHANNEL, Tensor.of(Shape.of(6), 1f, 0, 1, 2, 0, 1), 1e-3);
    model.parameter("c2.weight").attach(scales);
    Tensor x = TestNet.sample(3, 4, 4, 4, 3);
    Tensor before = TestNet.infer(model, x);
    DeadUnits.remove(model, IMAGE);
    assertEquals(Shape.of(4, 1, 1, 3), model.parameter("c1.weight").shape());
    assertEquals(4, scales.alpha().shape().count());
    Tensor after = TestNet.infer(model, x);
    for (int i = 0; i < before.count(); i++) {
      assertEquals(before.get(i), after.get(i), 1e-5);
    }
  }

  @Test
  void aPriceOnTheScalesPushesStructuresToZeroWhileTheNetworkLearns() {
    TestData data = new TestData(8, 20, 4);
    Sequential model = net();
    StructureScales scales = new StructureScales(Tensor.full(DType.F32, Shape.of(8), 1), 0.05);
    model.parameter("conv.weight").attach(scales);
    Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).build();
    Trainer.builder(model, new CrossEntropy(), sgd, data)
        .penalty(Penalty.l1(0.05, parameter -> parameter.name().endsWith(".alpha")))
        .epochs(25)
        .build()
        .run();
    int zeros = 0;
    for (double nu : scales.thresholded().toDoubles()) {
      zeros += nu == 0 ? 1 : 0;
    }
    assertTrue(zeros > 0 && zeros < 8, zeros + " of 8");
    DeadUnits.remove(model, IMAGE);
    assertEquals(8 - zeros, model.parameter("conv.weight").shape().size(0));
  }

  @Test
  void aSnapshotPredictsTheSameBits() {
    Sequential model = net();
    attach(model.parameter("fc1.weight"), Double.NaN, 0, 1, 1, 1, 1, 0.0005f, 1, 1, 1, 2);
    Tensor x = TestNet.sample(3, 4, 4, 4, 3);
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
  }

  @Test
  void theDefaultThresholdIsAThousandthOfTheLargestScale() {
    StructureScales scales =
        new StructureScales(Tensor.of(Shape.of(3), 2f, 0.0019f, -0.0021f), Double.NaN);
    assertEquals(0, scales.thresholded().get(1), 0);
    assertEquals(-0.0021, scales.thresholded().get(2), 1e-9);
    assertThrows(IllegalArgumentException.class, () -> new StructureScales(Tensor.zeros(3), 0));
  }
}
