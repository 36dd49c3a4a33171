package org.espalier.sparse.quant;

import static org.espalier.sparse.quant.BatchNormFoldingTest.normal;
import static org.espalier.sparse.quant.BatchNormFoldingTest.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.espalier.autograd.Mode;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.TestData;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizationAwareTrainingTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final TestData DATA = new TestData(5, 8, 8);

  private static ConvConfig same(boolean bias) {
    return ConvConfig.kernel(3).withPadding(1).withBias(bias);
  }

  private static Sequential net() {
    Sequential branch =
        Sequential.builder()
            .add("conv1", new Conv2d(6, 6, same(false)))
            .add("bn1", new BatchNorm(6))
            .add("relu", Activation.relu())
            .add("conv2", new Conv2d(6, 6, same(true)))
            .add("bn2", new BatchNorm(6))
            .build();
    Sequential net =
        Sequential.builder()
            .add("conv", new Conv2d(3, 6, same(false)))
            .add("bn", new BatchNorm(6))
            .add("relu", Activation.relu())
            .add("block", new Residual(branch))
            .add("relu2", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(6, 5))
            .build();
    net.initialize(5);
    return net;
  }

  static Stream<Supplier<QuantizationAwareTraining>> techniques() {
    return Stream.of(
        () -> QuantizationAwareTraining.int8(IMAGE),
        () ->
            QuantizationAwareTraining.affine(
                IMAGE, QuantizationGrid.signed(4), QuantizationGrid.unsigned(4)),
        () -> QuantizationAwareTraining.lsq(IMAGE, 4),
        () -> QuantizationAwareTraining.binaryConnect(IMAGE, false),
        () -> QuantizationAwareTraining.binaryConnect(IMAGE, true),
        () -> QuantizationAwareTraining.bnn(IMAGE),
        () -> QuantizationAwareTraining.binaryWeights(IMAGE),
        () -> QuantizationAwareTraining.xnor(IMAGE, true),
        () -> QuantizationAwareTraining.dorefa(IMAGE, 2, 4, 6),
        () -> QuantizationAwareTraining.twn(IMAGE),
        () -> QuantizationAwareTraining.ttq(IMAGE));
  }

  private static Trainer.Builder trainer(Module model, QuantizationAwareTraining training, int n) {
    return Trainer.builder(
            model,
            new CrossEntropy(),
            training.optimizer(Sgd.builder().rate(0.05).momentum(0.9).weightDecay(1e-4).build()),
            DATA)
        .callback(training)
        .epochs(n)
        .seed(3);
  }

  private static boolean hasNorm(Module model) {
    return model.modules().values().stream().anyMatch(BatchNorm.class::isInstance);
  }

  private static List<FakeQuantize> ofValues(Module model) {
    return model.modules().values().stream()
        .flatMap(
            m ->
                Stream.concat(
                    m.input().parametrizations().stream(), m.output().parametrizations().stream()))
        .filter(FakeQuantize.class::isInstance)
        .map(FakeQuantize.class::cast)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("techniques")
  void everyTechniqueLearnsAndIsSavedBitForBit(Supplier<QuantizationAwareTraining> technique) {
    Module model = net();
    History history = trainer(model, technique.get(), 4).build().run();
    List<History.Entry> epochs = history.epochs();
    double first = epochs.get(0).metrics().get("train_loss");
    double last = epochs.get(epochs.size() - 1).metrics().get("train_loss");
    assertTrue(last < first, technique.get().technique() + ": " + first + " to " + last);
    Tensor x = DATA.batch(1).x();
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(run(model, x, Mode.INFER).bitEquals(run(loaded, x, Mode.INFER)));
    assertEquals(model.spec(), loaded.spec());
  }

  /** Returns those with state of their own or random draws. */
  static Stream<Supplier<QuantizationAwareTraining>> remembering() {
    return Stream.of(
        () -> QuantizationAwareTraining.int8(IMAGE),
        () -> QuantizationAwareTraining.lsq(IMAGE, 4),
        () -> QuantizationAwareTraining.binaryConnect(IMAGE, true),
        () -> QuantizationAwareTraining.dorefa(IMAGE, 2, 4, 6),
        () -> QuantizationAwareTraining.ttq(IMAGE));
  }

  @ParameterizedTest
  @MethodSource("remembering")
  void aRunStoppedInTheMiddleOfAnEpochEndsAlike(Supplier<QuantizationAwareTraining> technique) {
    Module whole = net();
    trainer(whole, technique.get().freezeAfter(7, 9), 3).build().run();
    Map<String, Snapshot> saved = new HashMap<>();
    Trainer[] stopped = new Trainer[1];
    stopped[0] =
        trainer(net(), technique.get().freezeAfter(7, 9), 3)
            .store(new Kept(saved))
            .progress(
                progress -> {
                  if (progress.epoch() == 1 && progress.step() == 1) {
                    stopped[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, stopped[0].run().end());
    Module resumed = saved.get("last").build();
    trainer(resumed, technique.get().freezeAfter(7, 9), 3).resume(saved.get("last")).build().run();
    assertEquals(whole.state().keySet(), resumed.state().keySet());
    whole
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(resumed.parameter(path).raw()), path));
  }

  /** Keeps snapshots in memory. */
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

  @Test
  void int8FoldsNormsAndFreezesRangesAfterTheirSteps() {
    Module model = net();
    QuantizationAwareTraining training = QuantizationAwareTraining.int8(IMAGE).freezeAfter(5, 10);
    trainer(model, training, 1).build().run();
    assertFalse(hasNorm(model));
    assertEquals(2, model.parameter("conv.weight").parametrizations().size());
    assertTrue(model.parameter("conv.weight").parametrizations().get(0) instanceof ChannelScale);
    assertEquals(6, ofValues(model).size());
    Module two = net();
    trainer(two, QuantizationAwareTraining.int8(IMAGE).freezeAfter(5, 7), 2).build().run();
    Range[] before = ofValues(two).get(3).ranges();
    run(two, normal(1, 2, 8, 8, 3), Mode.INFER);
    ofValues(two).forEach(one -> assertEquals(FakeQuantize.Follow.NOTHING, one.follow()));
    assertEquals(before[0], ofValues(two).get(3).ranges()[0]);
  }

  @Test
  void int8FreezesRangesByItselfInTheLastThirdAndLeavesNorms() {
    Module model = net();
    trainer(model, QuantizationAwareTraining.int8(IMAGE), 3).build().run();
    assertTrue(hasNorm(model));
    Range[] before = ofValues(model).get(3).ranges();
    run(model, normal(1, 2, 8, 8, 3), Mode.TRAIN);
    assertEquals(before[0], ofValues(model).get(3).ranges()[0]);
    ofValues(model).forEach(one -> assertEquals(FakeQuantize.Follow.NOTHING, one.follow()));
  }

  @Test
  void foldingDoesNotChangeWhatTheQuantizedModelInfers() {
    Module model = net();
    QuantizationAwareTraining training = QuantizationAwareTraining.int8(IMAGE);
    trainer(model, training.freezeAfter(1000, 1000), 2).build().run();
    Tensor x = DATA.batch(2).x();
    Tensor expected = run(model, x, Mode.INFER);
    assertTrue(hasNorm(model));
    Module folded = BatchNormFolding.of(model);
    assertFalse(hasNorm(folded));
    BatchNormFoldingTest.assertClose(expected, run(folded, x, Mode.INFER), 0.05);
  }

  @Test
  void fewBitsLeaveTheFirstAndTheLastLayerUnlessAsked() {
    Module model = net();
    QuantizationAwareTraining.twn(IMAGE).attach(model);
    assertTrue(model.parameter("conv.weight").parametrizations().isEmpty());
    assertTrue(model.parameter("fc.weight").parametrizations().isEmpty());
    assertEquals(1, model.parameter("block.branch.conv1.weight").parametrizations().size());
    Module all = net();
    assertEquals(
        4, QuantizationAwareTraining.twn(IMAGE).quantizeFirstLast(true).attach(all).size());
    Module eight = net();
    assertEquals(4, QuantizationAwareTraining.int8(IMAGE).attach(eight).size());
    assertFalse(eight.input().isEmpty());
  }

  @Test
  void ownNumbersStayAboveZeroAndHaveNoWeightDecay() {
    Module model = net();
    QuantizationAwareTraining lsq = QuantizationAwareTraining.lsq(IMAGE, 3);
    lsq.attach(model);
    Parameter step = model.parameter("block.branch.conv1.weight.learned_step.step");
    assertTrue(QuantizationAwareTraining.isOwnNumber(step));
    assertFalse(QuantizationAwareTraining.isOwnNumber(model.parameter("conv.weight")));
    step.update(raw -> raw.fill(-1));
    OwnNumbers.constrain(step);
    assertEquals(1e-8, step.raw().get(0), 1e-12);
    step.update(raw -> raw.fill(Double.NaN));
    String message =
        assertThrows(StateException.class, () -> OwnNumbers.constrain(step)).getMessage();
    assertTrue(message.contains("block.branch.conv1.weight.learned_step.step"), message);
  }

  @Test
  void binaryWeightsAreClippedBehindEachStep() {
    Module model = net();
    QuantizationAwareTraining training = QuantizationAwareTraining.binaryConnect(IMAGE, false);
    training.attach(model);
    model.parameter("block.branch.conv1.weight").update(raw -> raw.set(0, 3));
    trainer(model, training, 1).build().run();
    for (double v : model.parameter("block.branch.conv1.weight").raw().toDoubles()) {
      assertTrue(Math.abs(v) <= 1);
    }
  }

  @Test
  void aQuantizedModelIsCutAndGoesOnTraining() {
    for (Supplier<QuantizationAwareTraining> technique : techniques().toList()) {
      Module model = net();
      trainer(model, technique.get(), 1).build().run();
      ChannelGraph.of(model, IMAGE).select("block.branch.conv1.weight", 0, 1, 4).cut();
      assertEquals(4, model.parameter("block.branch.conv2.weight").shape().size(3));
      trainer(model, technique.get(), 1).build().run();
      run(model, DATA.batch(0).x(), Mode.INFER);
    }
  }

  @Test
  void twoQuantizationsAndModelsWithoutValuesAreRefused() {
    Module model = net();
    QuantizationAwareTraining.ttq(IMAGE).attach(model);
    assertThrows(StateException.class, () -> QuantizationAwareTraining.int8(IMAGE).attach(model));
    Module empty = Sequential.of(new Conv2d(3, 2, 3), new Conv2d(2, 2, 3), new Conv2d(2, 2, 3));
    assertThrows(StateException.class, () -> QuantizationAwareTraining.int8(IMAGE).attach(empty));
    Module small = Sequential.of(new Conv2d(3, 2, 3));
    small.initialize(1);
    assertThrows(
        IllegalArgumentException.class, () -> QuantizationAwareTraining.twn(IMAGE).attach(small));
    assertThrows(
        IllegalArgumentException.class,
        () -> QuantizationAwareTraining.int8(IMAGE).freezeAfter(5, 3));
  }

  @Test
  void aBiasIsNotScaledByTheInput() {
    Conv2d biased = new Conv2d(3, 2, same(true));
    biased.initialize(1);
    assertFalse(ScaledBinaryValues.fits(biased));
    String message =
        assertThrows(IllegalArgumentException.class, () -> ScaledBinaryValues.attach(biased))
            .getMessage();
    assertTrue(message.contains("bias"), message);
    Linear linear = new Linear(4, 3);
    linear.initialize(1);
    Sequential net = Sequential.of(linear);
    ScaledBinaryValues.attach(linear);
    Tensor x = normal(1, 2, 4);
    Tensor y = run(net, x, Mode.INFER);
    for (int n = 0; n < 2; n++) {
      double k = 0;
      double sum = linear.bias().raw().get(1);
      for (int i = 0; i < 4; i++) {
        k += Math.abs(x.get(4 * n + i)) / 4;
      }
      for (int i = 0; i < 4; i++) {
        sum += k * (x.get(4 * n + i) >= 0 ? 1 : -1) * linear.weight().raw().get(4 + i);
      }
      assertEquals(sum, y.get(3 * n + 1), 1e-5);
    }
  }

  @Test
  void binaryTrainingReplacesRectifiersThatEndAtSixToo() {
    Module net =
        Sequential.of(
                new Conv2d(3, 4, 3),
                Activation.relu6(),
                new Conv2d(4, 4, 3),
                Activation.clamp(0, 1),
                new Conv2d(4, 2, 3))
            .initialize(1);
    QuantizationAwareTraining.bnn(IMAGE).attach(net);
    Tensor negative = Tensor.of(Shape.of(1), -0.5f);
    int activations = 0;
    for (Module module : net.modules().values()) {
      if (module instanceof Activation) {
        activations++;
        assertEquals(-0.5, run(module, negative, Mode.INFER).get(0), "a rectifier gives 0");
      }
    }
    assertEquals(2, activations);
  }

  @Test
  void aModelWithoutLayersIsRefusedByWords() {
    Module net = Sequential.of(Activation.relu());
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> QuantizationAwareTraining.bnn(IMAGE).attach(net));
    assertTrue(refused.getMessage().startsWith("quantization: no layer"), refused.getMessage());
  }
}
