package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Goal;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks when and what is projected in training, and what is left alone. */
class LowRankProjectionTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(3, 6, 4);

  private static Module net() {
    return ResNet.cifar(8, 3, 5, ResNet.Shortcut.OPTION_B, false).initialize(3);
  }

  private static Trainer.Builder trainer(Module model, Callback... callbacks) {
    Trainer.Builder trainer =
        Trainer.builder(
                model,
                new CrossEntropy(),
                Sgd.builder().rate(0.05).momentum(0.9).weightDecay(1e-4).build(),
                DATA)
            .seed(1)
            .epochs(2);
    for (Callback callback : callbacks) {
      trainer.callback(callback);
    }
    return trainer;
  }

  private static int rank(Module model, String path) {
    return RankPolicy.numerical(1e-4)
        .ranks(Coverage.CONVOLUTIONS.withoutRectification().where(path::equals).of(model, IMAGE))[
        0];
  }

  private static boolean isLowRank(Module model, Map<String, Integer> ranks) {
    return ranks.entrySet().stream().allMatch(e -> rank(model, e.getKey()) <= e.getValue());
  }

  /** Looks at the model whenever the trainer calls. */
  private static final class Watcher implements Callback {
    private final Map<String, Integer> ranks;
    private final List<String> seen = new ArrayList<>();
    private Module model;

    Watcher(Map<String, Integer> ranks) {
      this.ranks = ranks;
    }

    @Override
    public String name() {
      return "watcher";
    }

    @Override
    public void epochStart(Epoch epoch) {
      model = epoch.model();
    }

    @Override
    public void stepDone(Step step) {
      seen.add("step " + isLowRank(model, ranks));
    }

    @Override
    public void evaluated(Epoch epoch) {
      seen.add("measured " + isLowRank(model, ranks));
    }
  }

  @Test
  void projectsAtTheEndOfEachEpochBeforeTheModelIsMeasured() {
    Module model = net();
    LowRankProjection projection = LowRankProjection.ratio(IMAGE, 0.57);
    Map<String, Integer> ranks = projection.ranks(model);
    assertEquals(9, ranks.size());
    assertEquals(27, ranks.get("layer3.0.branch.conv1"));
    Watcher watcher = new Watcher(ranks);
    List<Map<String, Object>> log = new ArrayList<>();
    trainer(model, projection, watcher).log(e -> log.add(new HashMap<>(e))).build().run();
    String epoch = "step false, step false, step false, measured true";
    assertEquals(epoch + ", " + epoch, String.join(", ", watcher.seen));
    assertTrue(isLowRank(model, ranks));
    double tail = (double) log.get(1).get("tail_energy");
    assertTrue(tail > 0.05 && tail < 0.9, "tail energy " + tail);
  }

  @Test
  void projectsEverySoManyStepsAndBeforeTheModelIsMeasured() {
    Module model = net();
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6)).everySteps(2).build();
    Watcher watcher = new Watcher(projection.ranks(model));
    trainer(model, projection, watcher).build().run();
    assertEquals(
        List.of(
            "step false",
            "step true",
            "step false",
            "measured true",
            "step true",
            "step false",
            "step true",
            "measured true"),
        watcher.seen);
  }

  @Test
  void whatTheLastStepProjectedIsNotProjectedAgain() {
    Module model = net();
    Tensor[] last = new Tensor[1];
    int[] compared = {0};
    Callback watcher =
        new Callback() {
          @Override
          public String name() {
            return "watcher";
          }

          @Override
          public void stepDone(Step step) {
            last[0] = model.parameter("conv1.weight").raw().copy();
          }

          @Override
          public void evaluated(Epoch epoch) {
            assertTrue(last[0].bitEquals(model.parameter("conv1.weight").raw()));
            compared[0]++;
          }
        };
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6)).everySteps(3).build();
    trainer(model, projection, watcher).build().run();
    assertTrue(last[0].bitEquals(model.parameter("conv1.weight").raw()), "at the end of the run");
    assertEquals(2, compared[0]);
  }

  @Test
  void projectsAtTheEndOfTheLastEpochInAnyCase() {
    Module model = net();
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6)).everyEpochs(2).build();
    Watcher watcher = new Watcher(projection.ranks(model));
    trainer(model, projection, watcher).epochs(3).build().run();
    assertEquals(
        List.of("measured false", "measured true", "measured true"),
        watcher.seen.stream().filter(line -> line.startsWith("measured")).toList());
  }

  @Test
  void changesWeightsOnly() {
    Module model = net();
    trainer(model).build().run();
    Map<String, Tensor> before = new LinkedHashMap<>();
    Map<String, Tensor> momentum = new LinkedHashMap<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              before.put(path, parameter.raw().copy());
              parameter
                  .slots()
                  .forEach((slot, held) -> momentum.put(path + slot, held.tensor().copy()));
            });
    assertTrue(momentum.size() > 20, momentum.keySet().toString());
    Map<String, Integer> ranks = LowRankProjection.ratio(IMAGE, 0.7).project(model);
    for (Map.Entry<String, Parameter> entry : model.state().entrySet()) {
      String path = entry.getKey();
      boolean projected = ranks.containsKey(path.replaceAll("\\.weight$", ""));
      assertEquals(!projected, before.get(path).bitEquals(entry.getValue().raw()), path);
      entry
          .getValue()
          .slots()
          .forEach((slot, held) -> assertTrue(momentum.get(path + slot).bitEquals(held.tensor())));
    }
  }

  @Test
  void mergedEnergyStaysWhereANormFollows() {
    Module model = TestModels.lively(net(), 5);
    LowRankLayer layer =
        Coverage.CONVOLUTIONS.where("layer2.0.branch.conv1"::equals).of(model, IMAGE).get(0);
    double before = Matrix.norm(layer.singularValues(0));
    LowRankProjection.ratio(IMAGE, 0.6).project(model);
    assertEquals(before, Matrix.norm(layer.singularValues(0)), 1e-3 * before);
  }

  @Test
  void layersThatWouldNotShrinkStayDenseAndAreNamedOnce() {
    Module model = TestModels.lively(net(), 5);
    Tensor before = model.parameter("layer2.0.shortcut.0.weight").raw().copy();
    LogRecords.clear();
    LowRankProjection projection = LowRankProjection.ratio(IMAGE, 0.3);
    Map<String, Integer> ranks = projection.project(model);
    projection.project(model);
    assertFalse(ranks.containsKey("layer2.0.shortcut.0"), ranks.toString());
    assertTrue(before.bitEquals(model.parameter("layer2.0.shortcut.0.weight").raw()));
    List<String> told = LogRecords.of(System.Logger.Level.INFO);
    assertEquals(1, told.stream().filter(line -> line.contains("stay dense")).count());
    assertTrue(LowRankProjection.ratio(IMAGE, 0).project(model).isEmpty());
  }

  @Test
  void badWeightsAndUnknownStatisticsAreRefusedByName() {
    Module fresh = net();
    assertRefused(
        "bn1 are not available", () -> LowRankProjection.ratio(IMAGE, 0.5).project(fresh));
    LowRankProjection plain =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.5))
            .coverage(Coverage.CONVOLUTIONS.withoutRectification())
            .build();
    plain.project(fresh);
    Tensor before = fresh.parameter("conv1.weight").raw().copy();
    fresh.parameter("layer1.0.branch.conv2.weight").update(raw -> raw.set(7, Double.NaN));
    assertRefused("number 7 of layer1.0.branch.conv2 is NaN", () -> plain.project(fresh));
    assertTrue(before.bitEquals(fresh.parameter("conv1.weight").raw()), "nothing was changed");
    Module model = TestModels.lively(net(), 5);
    ((BatchNorm) model.modules().get("bn1"))
        .runningVariance()
        .update(raw -> raw.set(2, Double.NaN));
    assertRefused("conv1's batch norm", () -> LowRankProjection.ratio(IMAGE, 0.5).project(model));
    assertRefused(
        "at least 1", () -> LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.5)).everySteps(0));
  }

  @Test
  void aTrainedMaskDoesNotSpeakAgainstIt() {
    Module model = TestModels.lively(net(), 5);
    Parameter weight = model.parameter("layer3.0.branch.conv1.weight");
    Tensor mask = Tensor.full(DType.F32, weight.shape(), 1);
    int row = weight.raw().count() / 64;
    for (int i = 0; i < 3 * row; i++) {
      mask.set(i, 0);
    }
    weight.attach(new FixedMask(mask));
    int rank = LowRankProjection.ratio(IMAGE, 0.6).project(model).get("layer3.0.branch.conv1");
    double[] sigma = Matrix.sigma(Matrix.of(weight.value()));
    assertTrue(sigma[rank] < 1e-5 * sigma[0], "rank of the masked weight");
  }

  @Test
  void filtersThatSoftPruningSetToZeroStayZero() {
    Module model = net();
    trainer(model, SoftFilterPruning.of(IMAGE, 0.25), LowRankProjection.ratio(IMAGE, 0.6))
        .build()
        .run();
    Tensor weight = model.parameter("layer3.0.branch.conv1.weight").raw();
    int row = weight.count() / 64;
    int zeros = 0;
    for (int o = 0; o < 64; o++) {
      boolean zero = true;
      for (int i = o * row; i < (o + 1) * row; i++) {
        zero &= weight.get(i) == 0;
      }
      zeros += zero ? 1 : 0;
    }
    assertEquals(16, zeros);
  }

  private record Memory(Map<String, Snapshot> kept) implements Snapshot.Store {
    @Override
    public void save(String name, Snapshot snapshot) {
      kept.put(name, snapshot);
    }

    @Override
    public Snapshot load(String name) {
      return kept.get(name);
    }

    @Override
    public boolean has(String name) {
      return kept.containsKey(name);
    }
  }

  private static LowRankProjection everyTwoSteps() {
    return LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6)).everySteps(2).build();
  }

  @Test
  void aRunThatWasStoppedInMidEpochGoesOnToTheSameBits() {
    Module whole = net();
    trainer(whole, everyTwoSteps()).build().run();
    for (int stop = 1; stop <= 5; stop++) {
      Memory store = new Memory(new HashMap<>());
      Trainer[] running = new Trainer[1];
      int[] steps = {stop};
      running[0] =
          trainer(net(), everyTwoSteps())
              .store(store)
              .progress(
                  p -> {
                    if (--steps[0] == 0) {
                      running[0].requestStop();
                    }
                  })
              .build();
      running[0].run();
      Module resumed = store.kept.get("last").build();
      trainer(resumed, everyTwoSteps()).store(store).resume(store.kept.get("last")).build().run();
      for (String path : whole.state().keySet()) {
        assertTrue(
            whole.parameter(path).raw().bitEquals(resumed.parameter(path).raw()),
            path + " after " + stop);
      }
    }
  }

  @Test
  void theBestEpochIsProjectedAndRecalibratedTooWhenTheRunEndsWithIt() {
    Module model = net();
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6))
            .everyEpochs(3)
            .recalibrateAtEnd(Recalibration.fresh(DATA))
            .build();
    Map<String, Integer> ranks = projection.ranks(model);
    double[] metric = {0};
    Memory store = new Memory(new HashMap<>());
    trainer(model, projection)
        .epochs(3)
        .store(store)
        .validation(m -> Map.of("val_mine", metric[0]++))
        .watch("val_mine", Goal.MINIMIZE)
        .restoreBest()
        .build()
        .run();
    assertFalse(isLowRank(store.kept.get("best").build(), ranks), "the best epoch as it was");
    assertTrue(isLowRank(model, ranks), "the model that the run ends with");
    Tensor mean = model.parameter("bn1.running_mean").raw().copy();
    Recalibration.fresh(DATA).apply(model);
    assertTrue(mean.bitEquals(model.parameter("bn1.running_mean").raw()));
  }

  @Test
  void statisticsAreEstimatedAgainBeforeTheModelIsMeasured() {
    Module model = net();
    Recalibration fresh = Recalibration.fresh(DATA);
    List<Tensor> means = new ArrayList<>();
    trainer(
            model,
            LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.6))
                .recalibrateEveryEpoch(fresh)
                .build())
        .validation(
            m -> {
              means.add(m.parameter("bn1.running_mean").raw().copy());
              fresh.apply(m);
              assertTrue(
                  means.get(means.size() - 1).bitEquals(m.parameter("bn1.running_mean").raw()));
              return Map.of("val_loss", 0.0);
            })
        .build()
        .run();
    assertEquals(2, means.size());
    assertNotEquals(means.get(0).get(0), means.get(1).get(0));
  }
}
