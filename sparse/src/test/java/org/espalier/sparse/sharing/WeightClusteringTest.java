package org.espalier.sparse.sharing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Walk;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.ResourceReport;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.lowrank.LowRank;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class WeightClusteringTest {
  private static Sequential net() {
    Sequential net =
        Sequential.builder()
            .add("conv", new Conv2d(3, 6, 3))
            .add("relu", Activation.relu())
            .add("flat", new Flatten())
            .add("fc", new Linear(24, 5))
            .build();
    net.initialize(2);
    return net;
  }

  private static Set<Double> distinct(Tensor tensor) {
    Set<Double> values = new HashSet<>();
    for (double value : tensor.toDoubles()) {
      values.add(value);
    }
    return values;
  }

  @Test
  void weightsTakeTheSharedValuesNearestToThem() {
    Parameter weight = net().parameter("conv.weight");
    double[] before = weight.value().toDoubles();
    WeightClustering sharing = WeightClustering.attach(weight, 5);
    double[] after = weight.value().toDoubles();
    assertEquals(5, distinct(weight.value()).size());
    double[] centroids = sharing.centroids().raw().toDoubles();
    for (int i = 0; i < before.length; i++) {
      for (double other : centroids) {
        assertTrue(Math.abs(before[i] - after[i]) <= Math.abs(before[i] - other) + 1e-6);
      }
    }
    assertEquals(3, sharing.indexBits());
    assertEquals(162 * 3 + 5 * 32, sharing.sizeBits());
    assertEquals(0, weight.raw().count());
  }

  @Test
  void theGradientOfASharedValueIsTheSumOverItsMembers() {
    Parameter weight = net().parameter("conv.weight");
    WeightClustering sharing = WeightClustering.attach(weight, 7);
    Tensor g = TestNet.sample(9, 6, 3, 3, 3);
    double[] expected = new double[7];
    for (int i = 0; i < g.count(); i++) {
      expected[(int) sharing.codes().get(i)] += g.get(i);
    }
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients = Walk.run(pass.value(weight), g, Rule.GRADIENT);
      Tensor found = gradients.of(sharing.centroids());
      for (int c = 0; c < 7; c++) {
        assertEquals(expected[c], found.get(c), 1e-4);
      }
      assertEquals(null, gradients.of(weight));
    }
  }

  @Test
  void trainingMovesSharedValuesAndKeepsTheCodes() {
    TestData data = new TestData(8, 20, 4);
    Sequential model = net();
    Trainer.builder(model, new CrossEntropy(), sgd(), data).epochs(15).build().run();
    WeightClustering conv = WeightClustering.attach(model.parameter("conv.weight"), 4);
    WeightClustering.attach(model.parameter("fc.weight"), 4);
    double clustered = accuracy(model, data);
    Tensor codes = conv.codes().copy();
    Tensor values = conv.centroids().raw().copy();
    // A shared value gets the gradients of all its members: it takes a smaller rate.
    Sgd slow = Sgd.builder().rate(0.002).momentum(0.9).build();
    Trainer.builder(model, new CrossEntropy(), slow, data).epochs(15).build().run();
    assertTrue(conv.codes().bitEquals(codes), "codes are frozen");
    assertTrue(!conv.centroids().raw().bitEquals(values), "values train");
    assertEquals(4, distinct(model.parameter("fc.weight").value()).size());
    double tuned = accuracy(model, data);
    assertTrue(tuned >= clustered && tuned > 0.6, clustered + " then " + tuned);
  }

  private static Sgd sgd() {
    return Sgd.builder().rate(0.05).momentum(0.9).build();
  }

  private static double accuracy(Module model, TestData data) {
    return new Evaluator(new CrossEntropy()).evaluate(model, data).accuracy();
  }

  @Test
  void aSnapshotHoldsPackedCodesAndPredictsTheSameBits() {
    Sequential model = net();
    WeightClustering.attach(model.parameter("conv.weight"), 6);
    WeightClustering.attach(model.parameter("fc.bias"), 1);
    Snapshot snapshot = Snapshot.of(model, Map.of());
    assertEquals(
        (162 * 3 + 7) / 8, snapshot.state().get("conv.weight.weight_clustering.codes").count());
    assertEquals(DType.I8, snapshot.state().get("conv.weight.weight_clustering.codes").dtype());
    assertEquals(0, snapshot.state().get("conv.weight").count());
    Module loaded = snapshot.build();
    Tensor x = TestNet.sample(4, 2, 4, 4, 3);
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
    Shape sample = Shape.of(4, 4, 3);
    ResourceReport.Layer conv = ResourceReport.of(loaded, sample).layers().get(0);
    assertEquals((162 * 3 + 7) / 8 * 8 + 6 * 32 + 6 * 32, conv.storageBits());
    assertEquals(162 + 6, conv.nonZeros());
    assertEquals(6 + 6, conv.parameters());
    assertEquals(Costs.of(model, sample).macs(), Costs.of(loaded, sample).macs());
  }

  @Test
  void aCutKeepsTheCodesOfWhatStays() {
    for (int axis = 0; axis < 4; axis++) {
      Parameter weight = net().parameter("conv.weight");
      Parameter plain = net().parameter("conv.weight");
      WeightClustering.attach(weight, 5);
      plain.set(weight.value());
      Indices keep = Indices.of(weight.shape().size(axis), 0, 2);
      weight.cut(axis, keep);
      plain.cut(axis, keep);
      assertTrue(plain.value().bitEquals(weight.value()), "axis " + axis);
    }
  }

  @Test
  void aMaskMayFollowButNotPrecede() {
    Parameter weight = net().parameter("fc.weight");
    Tensor mask = Tensor.full(DType.F32, weight.shape(), 1);
    mask.set(3, 0);
    weight.attach(new FixedMask(mask));
    assertThrows(StateException.class, () -> WeightClustering.attach(weight, 4));
    weight.fold();
    WeightClustering.attach(weight, 4);
    weight.attach(new FixedMask(mask));
    assertEquals(0, weight.value().get(3), 0);
    assertThrows(
        IllegalArgumentException.class,
        () -> WeightClustering.attach(net().parameter("fc.bias"), 6));
  }

  @Test
  void foldingLeavesPlainWeightsOfTheSameValue() {
    Parameter weight = net().parameter("fc.weight");
    WeightClustering.attach(weight, 4);
    Tensor shared = weight.value().copy();
    weight.fold();
    assertTrue(shared.bitEquals(weight.raw()));
  }

  @Test
  void sharedValuesLearnOnlyIfTheWeightDidAndItsSlotsGo() {
    for (boolean trainable : new boolean[] {true, false}) {
      Linear clustered = new Linear(6, 5);
      Linear hashed = new Linear(6, 5);
      Linear factored = new Linear(6, 5);
      for (Linear layer : List.of(clustered, hashed, factored)) {
        layer.initialize(1);
        layer.parameter("weight").slot("momentum");
        layer.parameter("weight").setTrainable(trainable);
      }
      WeightClustering.attach(clustered.parameter("weight"), 4);
      HashedWeights.attach(hashed.parameter("weight"), 4, 1);
      LowRank.attach(factored.parameter("weight"), 2);
      assertEquals(
          trainable, clustered.parameter("weight.weight_clustering.centroids").isTrainable());
      assertEquals(trainable, factored.parameter("weight.low_rank.expand").isTrainable());
      for (Linear layer : List.of(clustered, hashed, factored)) {
        assertTrue(layer.parameter("weight").slots().isEmpty());
      }
    }
  }
}
