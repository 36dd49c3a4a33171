package org.espalier.sparse.prune.unstructured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.mask.SurgeryMask;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.TestData;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Trains a small network while connections go: magnitude, surgery, SNIP, tickets, held masks. */
class UnstructuredTrainingTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(6, 20, 4);

  private static Module net() {
    return Sequential.builder()
        .add("flat", new Flatten())
        .add("fc1", new Linear(48, 24))
        .add("relu", Activation.relu())
        .add("fc2", new Linear(24, 5))
        .build()
        .initialize(3);
  }

  private static Trainer.Builder trainer(Module model, int epochs, Callback callback) {
    Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).weightDecay(1e-2).build();
    return Trainer.builder(model, new CrossEntropy(), sgd, DATA)
        .callback(callback)
        .epochs(epochs)
        .validation(DATA)
        .seed(2);
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

  private static MagnitudePruning gradual(Ranking ranking) {
    return MagnitudePruning.of(IMAGE, CubicSparsitySchedule.to(0.8, 6, 30).every(6), ranking);
  }

  @Test
  void gradualPruningReachesItsSparsityAndStillLearns() {
    for (Ranking ranking : List.of(Ranking.LOCAL, Ranking.GLOBAL)) {
      Module model = net();
      History history = trainer(model, 30, gradual(ranking)).build().run();
      assertEquals(0.8, zeros(model), 2e-3);
      assertEquals(0.8, history.last().metrics().get("sparsity"), 2e-3);
      assertTrue(history.last().metrics().get("val_accuracy") > 0.8, history.last().toString());
      model.parameters().forEach(p -> assertTrue(p.parametrizations().isEmpty()));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> MagnitudePruning.of(IMAGE, CubicSparsitySchedule.to(0.8, 0, 5), Ranking.GREEDY));
  }

  @Test
  void momentumAndDecayDoNotMoveMaskedWeights() {
    Module model = net();
    Parameter weight = model.parameter("fc1.weight");
    trainer(model, 2, new HeldConnections()).build().run();
    MagnitudePruning.prune(List.of(weight), Ranking.LOCAL, 0.5);
    Tensor before = weight.raw().copy();
    trainer(model, 1, new HeldConnections()).build().run();
    int held = 0;
    for (int i = 0; i < before.count(); i++) {
      if (weight.value().get(i) == 0) {
        held++;
        assertEquals(before.get(i), weight.raw().get(i));
        assertEquals(0, weight.slots().get("sgd.momentum").tensor().get(i));
      } else {
        assertNotEquals(before.get(i), weight.raw().get(i));
      }
    }
    assertEquals(before.count() / 2, held);
  }

  /** Stops in the middle of an epoch and goes on; compares with a run that was not stopped. */
  private static void resumes(java.util.function.Supplier<Callback> callback) {
    Module whole = net();
    trainer(whole, 5, callback.get()).build().run();
    Map<String, Snapshot> saved = new HashMap<>();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        trainer(net(), 5, callback.get())
            .store(new Kept(saved))
            .progress(
                progress -> {
                  if (progress.epoch() == 2 && progress.step() == 2) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    Module resumed = saved.get("last").build();
    trainer(resumed, 5, callback.get()).resume(saved.get("last")).build().run();
    whole
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(resumed.parameter(path).raw()), path));
    assertTrue(zeros(whole) > 0.1);
  }

  private record Kept(Map<String, Snapshot> saved) implements Snapshot.Store {
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
  }

  private static DynamicNetworkSurgery surgery() {
    return new DynamicNetworkSurgery(
        IMAGE, new DynamicNetworkSurgery.Options(0.5, 0.02, 1, 25, true, 7));
  }

  @Test
  void stoppedRunsGoOnToTheSameBits() {
    resumes(() -> gradual(Ranking.GLOBAL));
    resumes(UnstructuredTrainingTest::surgery);
  }

  @Test
  void surgeryPrunesAndLearnsAndMasksBiasesBesideTheirWeights() {
    Module model = net();
    DynamicNetworkSurgery surgery = surgery();
    surgery.attach(model);
    assertTrue(SurgeryMask.on(model.parameter("fc1.bias")) != null);
    Module trained = net();
    History history = trainer(trained, 30, surgery()).build().run();
    assertTrue(history.last().metrics().get("val_accuracy") > 0.8, history.last().toString());
    assertTrue(zeros(trained) > 0.3, "sparsity " + zeros(trained));
    trained.parameters().forEach(p -> assertTrue(p.parametrizations().isEmpty()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DynamicNetworkSurgery.Options(0, -1, 1, 5, false, 0));
  }

  @Test
  void aMaskedModelOfAnyKindLoadsAgain() {
    Module model = net();
    surgery().attach(model);
    model
        .parameter("fc2.weight")
        .attach(
            new org.espalier.sparse.mask.StructureScales(
                Tensor.of(Shape.of(5), 1f, 2f, 1e-9f, 0.5f, 3f), Double.NaN));
    Module again = Snapshot.of(model, Map.of()).build();
    for (String path : List.of("fc1.weight", "fc1.bias", "fc2.weight")) {
      assertTrue(model.parameter(path).value().bitEquals(again.parameter(path).value()), path);
    }
    assertEquals(0, model.parameter("fc2.weight").value().get(2 * 24));
    assertEquals(model.spec(), again.spec());
  }

  @Test
  void aTicketRewindsItsSurvivorsAndLosesAShareEachRound() {
    Module model = net();
    Map<String, Tensor> early = new HashMap<>();
    model.state().forEach((path, p) -> early.put(path, p.raw().copy()));
    LotteryTicket ticket = LotteryTicket.remember(model, IMAGE);
    double left = 1;
    Tensor before = null;
    for (int round = 0; round < 3; round++) {
      trainer(model, 2, new HeldConnections()).build().run();
      ticket.prune(LotteryTicket.DEFAULT_SHARE, round == 1 ? Ranking.LOCAL : Ranking.GLOBAL);
      left *= 0.8;
      assertEquals(1 - left, ticket.sparsity(), 2e-3);
      early.forEach((path, raw) -> assertTrue(raw.bitEquals(model.parameter(path).raw()), path));
      Tensor now = model.parameter("fc1.weight").value().copy();
      for (int i = 0; before != null && i < now.count(); i++) {
        assertTrue(before.get(i) != 0 || now.get(i) == 0, "what is pruned stays pruned");
      }
      before = now;
    }
    assertTrue(model.parameter("fc1.weight").slots().isEmpty());
    assertThrows(IllegalArgumentException.class, () -> ticket.prune(1, Ranking.GLOBAL));
  }

  @Test
  void sensitivitySumsUpToOneAndIgnoresRescalingBetweenLayers() {
    Module model = net();
    List<Parameter> weights = List.copyOf(ConnectionWeights.of(model, IMAGE).values());
    model.parameter("fc1.bias").update(b -> b.fill(0));
    Map<Parameter, Tensor> scores = scores(model, weights);
    double sum = 0;
    for (Tensor score : scores.values()) {
      for (double s : score.toDoubles()) {
        sum += s;
      }
    }
    assertEquals(1, sum, 1e-5);
    scale(weights.get(0), 4);
    scale(weights.get(1), 0.25);
    Map<Parameter, Tensor> scaled = scores(model, weights);
    for (Parameter weight : weights) {
      for (int i = 0; i < weight.shape().count(); i++) {
        assertEquals(scores.get(weight).get(i), scaled.get(weight).get(i), 1e-5);
      }
    }
    ConnectionSensitivity.prune(scaled, 0.25);
    assertEquals(0.75, zeros(model), 1e-3);
  }

  private static Map<Parameter, Tensor> scores(Module model, List<Parameter> weights) {
    return ConnectionSensitivity.scores(
        ConnectionSensitivity.gradients(model, new CrossEntropy(), DATA.batch(0), weights));
  }

  private static void scale(Parameter weight, double by) {
    weight.update(
        raw -> {
          for (int i = 0; i < raw.count(); i++) {
            raw.set(i, raw.get(i) * by);
          }
        });
  }
}
