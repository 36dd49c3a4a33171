package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.TestData;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparseConnectivityTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(8, 20, 4);

  private static Module net() {
    return Sequential.builder()
        .add("flat", new Flatten())
        .add("fc1", new Linear(48, 24))
        .add("relu", Activation.relu())
        .add("fc2", new Linear(24, 5))
        .build()
        .initialize(3);
  }

  private static Sgd sgd() {
    return Sgd.builder().rate(0.05).momentum(0.9).weightDecay(5e-4).build();
  }

  private static SparseConnectivityBuilder scl(double lambda) {
    return SparseConnectivity.builder(IMAGE, lambda);
  }

  private static Trainer.Builder trainer(Module model, SparseConnectivity scl, int epochs) {
    return Trainer.builder(model, new CrossEntropy(), scl.optimizer(sgd()), DATA)
        .callback(scl)
        .epochs(epochs)
        .schedule(Schedule.cosine(epochs, 0))
        .seed(5);
  }

  private static double zeros(Module model) {
    double zeros = 0;
    double all = 0;
    for (Parameter weight : ConnectionWeights.of(model, IMAGE).values()) {
      for (double w : weight.value().toDoubles()) {
        zeros += w == 0 ? 1 : 0;
        all++;
      }
    }
    return zeros / all;
  }

  @Test
  void aRunDropsMostConnectionsAndStillLearns() {
    List<Map<String, Object>> log = new ArrayList<>();
    Module model = net();
    History history =
        trainer(model, scl(0.03).build(), 30)
            .log(entry -> log.add(new HashMap<>(entry)))
            .validation(DATA)
            .build()
            .run();
    assertTrue(history.last().metrics().get("val_accuracy") > 0.9, history.last().toString());
    double sparsity = history.last().metrics().get("sparsity");
    assertTrue(sparsity > 0.5, "sparsity " + sparsity);
    assertEquals(sparsity, zeros(model), 1e-12);
    model.parameters().forEach(p -> assertTrue(p.parametrizations().isEmpty(), p.name()));
    assertTrue(log.stream().anyMatch(e -> e.get("mask_flips") instanceof Long flips && flips > 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"leaky_relu", "softplus"})
  void otherPositiveEstimatorsPruneToo(String name) {
    Module model = net();
    StraightThrough proxy = StraightThrough.of(name, 0.1, false);
    trainer(model, scl(0.05).straightThrough(proxy).build(), 20).build().run();
    assertTrue(zeros(model) > 0.3, name + " " + zeros(model));
  }

  @Test
  void withoutLambdaAndWithStillMasksTrainingIsThatOfThePlainNetwork() {
    Module plain = net();
    Module masked = net();
    SparseConnectivity scl = scl(0).maskLearningRate(0).build();
    Trainer.builder(plain, new CrossEntropy(), sgd(), DATA)
        .epochs(2)
        .schedule(Schedule.cosine(2, 0))
        .seed(5)
        .build()
        .run();
    trainer(masked, scl, 2).build().run();
    plain
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(masked.parameter(path).raw()), path));
  }

  /** Hands a callback a gradient of the weight's effective value, as a walk would. */
  private static void step(SparseConnectivity scl, Optimizer optimizer, Parameter w, double g) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Tensor seed = Tensor.full(w.dtype(), w.shape(), g);
      Gradients gradients = Walk.run(pass.value(w), seed, Rule.GRADIENT);
      Step step = Step.of(pass.tape(), gradients);
      scl.backwardDone(step);
      optimizer.step(step, p -> p != w);
      scl.stepDone(step);
    }
  }

  private static LearnedMask attach(Parameter weight, double m) {
    LearnedMask mask =
        new LearnedMask(Tensor.full(DType.F64, weight.shape(), m), StraightThrough.IDENTITY);
    weight.attach(mask);
    return mask;
  }

  private static Parameter weight(double v) {
    return Parameter.trainable("w", Tensor.full(DType.F64, Shape.of(2, 3), v));
  }

  @Test
  void withoutTaskGradientAllMasksEmptyAtTheRateOfLambda() {
    Parameter w = weight(1);
    LearnedMask mask = attach(w, 1);
    SparseConnectivity scl = scl(0.25).build();
    Optimizer plain = Sgd.builder().rate(0.5).build();
    for (int step = 1; step <= 8; step++) {
      assertEquals(6, mask.active());
      step(scl, plain, w, 0);
      assertEquals(1 - step * 0.5 * 0.25, mask.score().raw().get(0), 1e-12);
    }
    assertEquals(0, mask.active());
  }

  @Test
  void aDroppedConnectionThatTheLossWantsRevives() {
    Parameter w = weight(1);
    LearnedMask mask = attach(w, -0.1);
    SparseConnectivity scl = scl(0).normalization(MaskGradientNormalization.NONE).build();
    Optimizer plain = Sgd.builder().rate(0.05).build();
    for (int step = 0; step < 3; step++) {
      step(scl, plain, w, -1);
    }
    assertEquals(6, mask.active());
  }

  @Test
  void lambdaRisesOverTheWarmUpSteps() {
    Parameter w = weight(1);
    attach(w, 1);
    SparseConnectivity scl = scl(0.8).lambdaWarmupSteps(4).build();
    double[] expected = {0.2, 0.4, 0.6, 0.8, 0.8};
    for (double lambda : expected) {
      assertEquals(lambda, scl.regularizer().lambda(), 1e-12);
      step(scl, Sgd.builder().rate(0.01).build(), w, 0);
    }
  }

  @Test
  void theCostOfOneConnectionMayBeAShare() {
    Parameter w = weight(1);
    LearnedMask mask = attach(w, 1);
    SparseConnectivity scl = scl(0.6).normalizeByTotal().build();
    step(scl, Sgd.builder().rate(1).build(), w, 0);
    assertEquals(0.9, mask.score().raw().get(0), 1e-12);
    assertEquals(0.6, scl.regularizer().of(List.of(mask)), 1e-12);
  }

  @Test
  void targetModeSteersLambda() {
    SparseConnectivity rising = scl(0.01).targetSparsity(0.99).build();
    trainer(net(), rising, 3).build().run();
    assertEquals(0.01 * Math.pow(1.05, 3), rising.lambda(), 1e-12);
    SparseConnectivity falling = scl(2).targetSparsity(0.01).build();
    trainer(net(), falling, 3).build().run();
    assertTrue(falling.lambda() < 2);
  }

  @Test
  void masksStayInTheFineTuningEpochsWhileWeightsTrainOn() {
    List<Double> sparsity = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    Module model = net();
    trainer(model, scl(0.2).fineTuneEpochs(3).build(), 8)
        .progress(
            progress -> {
              if (progress.epoch() >= 5) {
                sparsity.add(zeros(model));
                weights.add(model.parameter("fc1.weight").value().toDoubles()[0]);
                assertNull(LearnedMask.on(model.parameter("fc1.weight")));
              }
            })
        .build()
        .run();
    assertTrue(sparsity.get(0) > 0.2, sparsity.toString());
    assertEquals(1, sparsity.stream().distinct().count());
    assertEquals(sparsity.get(0), zeros(model));
    assertTrue(weights.stream().distinct().count() > 1 || weights.get(0) == 0);
  }

  @Test
  void decayOfActiveConnectionsLeavesDroppedOnesAlone() {
    Parameter w = weight(2);
    LearnedMask mask = attach(w, 1);
    mask.score().update(scores -> scores.set(0, -1));
    SparseConnectivity scl = scl(0).decayOnlyActive(0.5).build();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients =
          Walk.run(pass.value(w), Tensor.zeros(DType.F64, w.shape()), Rule.GRADIENT);
      scl.backwardDone(Step.of(pass.tape(), gradients));
      assertEquals(0, gradients.of(w).get(0));
      assertEquals(1, gradients.of(w).get(1));
    }
  }

  @Test
  void aLayerWithoutConnectionsIsToldOnce() {
    LogRecords.clear();
    Module model = net();
    trainer(model, scl(50).build(), 3).build().run();
    List<String> warnings = LogRecords.of(System.Logger.Level.WARNING);
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.get(0).contains("fc1.weight"), warnings.get(0));
  }

  @Test
  void maskVariablesThatAreNotFiniteAreRefusedByLayer() {
    Module model = net();
    SparseConnectivity scl = scl(0.01).build();
    scl.attach(model);
    LearnedMask.on(model.parameter("fc2.weight")).score().update(m -> m.set(7, Double.NaN));
    Exception refused =
        assertThrows(IllegalStateException.class, () -> trainer(model, scl, 1).build().run());
    assertTrue(refused.getMessage().contains("fc2.weight"), refused.getMessage());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    for (double lambda : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Exception refused = assertThrows(IllegalArgumentException.class, () -> scl(lambda));
      assertTrue(refused.getMessage().contains("" + lambda), refused.getMessage());
    }
    StraightThrough relu = new StraightThrough(StraightThrough.Kind.RELU, 1);
    assertThrows(IllegalArgumentException.class, () -> scl(1).straightThrough(relu).build());
    scl(1).straightThrough(relu).allowNonPositiveProxy().build();
    Exception decay =
        assertThrows(IllegalArgumentException.class, () -> scl(1).maskOptimizer(sgd()).build());
    assertTrue(decay.getMessage().contains("5.0E-4"), decay.getMessage());
    scl(1).maskOptimizer(sgd()).allowMaskDecay().build();
    assertThrows(IllegalArgumentException.class, () -> scl(1).targetSparsity(1));
    assertThrows(IllegalArgumentException.class, () -> scl(1).lambdaWarmupSteps(-1));
    assertThrows(IllegalArgumentException.class, () -> scl(1).fineTuneEpochs(-1));
    assertThrows(IllegalArgumentException.class, () -> scl(1).initialMaskValue(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> scl(1).decayOnlyActive(-1));
    assertThrows(IllegalArgumentException.class, () -> scl(1).exclude("fc9").build().attach(net()));
  }

  @Test
  void excludedLayersGetNoMask() {
    Module model = net();
    assertEquals(
        List.of("fc1.weight"), List.copyOf(scl(1).exclude("fc2").build().attach(model).keySet()));
    assertNull(LearnedMask.on(model.parameter("fc2.weight")));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aStoppedRunGoesOnToTheSameBits(int stopEpoch) {
    Module whole = net();
    List<Map<String, Object>> expected = new ArrayList<>();
    resumable(whole).log(e -> expected.add(new HashMap<>(e))).build().run();
    Map<String, Snapshot> saved = new HashMap<>();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        resumable(net())
            .store(store(saved))
            .progress(
                progress -> {
                  if (progress.epoch() == stopEpoch && progress.step() == 3) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    Module resumed = saved.get("last").build();
    List<Map<String, Object>> actual = new ArrayList<>();
    resumable(resumed)
        .resume(saved.get("last"))
        .log(e -> actual.add(new HashMap<>(e)))
        .build()
        .run();
    whole
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(resumed.parameter(path).raw()), path));
    for (String key : List.of("mask_flips", "connections", "lambda")) {
      Object before = expected.get(stopEpoch + 1).get(key);
      assertFalse(stopEpoch == 1 && before == null, key);
      assertEquals(before, actual.get(1).get(key), key);
    }
  }

  private static Trainer.Builder resumable(Module model) {
    return trainer(
        model, scl(0.05).targetSparsity(0.6).lambdaWarmupSteps(12).fineTuneEpochs(1).build(), 4);
  }

  private static Snapshot.Store store(Map<String, Snapshot> saved) {
    return new Snapshot.Store() {
      @Override
      public void save(String name, Snapshot snapshot) {
        saved.put(name, snapshot);
      }

      @Override
      public Snapshot load(String name) {
        return saved.get(name);
      }

      @Override
      public boolean has(String name) {
        return saved.containsKey(name);
      }
    };
  }
}
