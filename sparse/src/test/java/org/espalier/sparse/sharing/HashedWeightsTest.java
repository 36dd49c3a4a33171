package org.espalier.sparse.sharing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Walk;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Random;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class HashedWeightsTest {
  private static Sequential net() {
    Sequential net =
        Sequential.builder()
            .add("flat", new Flatten())
            .add("fc1", new Linear(48, 24))
            .add("relu", Activation.relu())
            .add("fc2", new Linear(24, 5))
            .build();
    net.initialize(2);
    return net;
  }

  @Test
  void valuesStartAsTheMeansOfTheirMembersAndGetTheSumOfTheirGradients() {
    Parameter weight = net().parameter("fc1.weight");
    double[] before = weight.value().toDoubles();
    HashedWeights hashed = HashedWeights.attach(weight, 50, 3);
    Tensor g = TestNet.sample(5, 24, 48);
    double[] means = new double[50];
    double[] sums = new double[50];
    int[] members = new int[50];
    for (int i = 0; i < before.length; i++) {
      int place = (int) hashed.places().get(i);
      means[place] += before[i];
      sums[place] += g.get(i);
      members[place]++;
    }
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Tensor gradient = Walk.run(pass.value(weight), g, Rule.GRADIENT).of(hashed.values());
      for (int k = 0; k < 50; k++) {
        assertTrue(members[k] > 0, "every value is used");
        assertEquals(means[k] / members[k], hashed.values().raw().get(k), 1e-6);
        assertEquals(sums[k], gradient.get(k), 1e-4);
      }
    }
    for (int i = 0; i < before.length; i++) {
      int place = (int) hashed.places().get(i);
      assertEquals(hashed.values().raw().get(place), weight.value().get(i), 0);
    }
  }

  @Test
  void aNetworkOfFewValuesLearnsFromScratch() {
    TestData data = new TestData(8, 20, 4);
    Sequential model = net();
    HashedWeights.attach(model.parameter("fc1.weight"), 200, 1);
    Sgd sgd = Sgd.builder().rate(0.02).momentum(0.9).build();
    Trainer.builder(model, new CrossEntropy(), sgd, data).epochs(25).build().run();
    double accuracy = new Evaluator(new CrossEntropy()).evaluate(model, data).accuracy();
    assertTrue(accuracy > 0.8, "accuracy " + accuracy);
  }

  @Test
  void aSnapshotHoldsTheValuesOnlyAndPredictsTheSameBits() {
    Sequential model = net();
    HashedWeights.attach(model.parameter("fc1.weight"), 9, Long.MIN_VALUE + 5);
    Snapshot snapshot = Snapshot.of(model, Map.of());
    assertEquals(0, snapshot.state().get("fc1.weight").count());
    assertEquals(9, snapshot.state().get("fc1.weight.hashed.values").count());
    Module loaded = snapshot.build();
    Tensor x = TestNet.sample(4, 2, 4, 4, 3);
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
  }

  @Test
  void refusesCutsMasksBeforeAndTooManyValues() {
    Parameter weight = net().parameter("fc2.weight");
    assertThrows(IllegalArgumentException.class, () -> HashedWeights.attach(weight, 121, 1));
    HashedWeights.attach(weight, 12, 1);
    assertThrows(StateException.class, () -> HashedWeights.attach(weight, 12, 1));
    assertThrows(StateException.class, () -> weight.cut(0, Indices.of(5, 1, 2)));
    assertEquals(120, weight.value().count(), "nothing was cut");
  }
}
