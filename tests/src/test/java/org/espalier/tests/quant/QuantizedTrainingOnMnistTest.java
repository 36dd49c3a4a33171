package org.espalier.tests.quant;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Adam;
import org.espalier.optim.Schedule;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.espalier.sparse.quant.integer.PostTrainingQuantizer;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Trains a small network on few digits with full numbers, then goes on with few bits
 * (resource-efficiency survey, section 6: binary weights within 3 points on digits, LSQ of 4 bits
 * within 1; this net, these few digits and epochs get wider bounds).
 */
class QuantizedTrainingOnMnistTest {
  private static final System.Logger LOG =
      System.getLogger(QuantizedTrainingOnMnistTest.class.getName());
  private static final Shape IMAGE = Shape.of(28, 28, 1);
  private static final int IMAGES = 2000;
  private static final int TESTED = 1000;

  private static Dataset training;
  private static Dataset test;
  private static Snapshot trained;
  private static double floatAccuracy;

  /**
   * Is a technique and what it may lose.
   *
   * @param name the name for messages
   * @param training makes the callback
   * @param points percentage points of accuracy
   */
  private record Case(
      String name, Function<Shape, QuantizationAwareTraining> training, double points) {
    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  static void train() throws IOException {
    Path mnist = Path.of(System.getProperty("espalier.data", "")).resolve("mnist");
    Assumptions.assumeTrue(
        Files.exists(mnist), () -> "no " + mnist + "; set -Despalier.data to the data folder");
    training = Idx.training(mnist).take(IMAGES);
    test = Idx.test(mnist).take(TESTED);
    Module model = net().initialize(4);
    trainer(model, 3, 0.003).build().run();
    trained = Snapshot.of(model, Map.of());
    floatAccuracy = accuracy(model);
    LOG.log(System.Logger.Level.INFO, "float: {0} %", floatAccuracy);
  }

  private static ConvConfig same() {
    return ConvConfig.kernel(3).withPadding(1).withBias(false);
  }

  private static Sequential net() {
    return Sequential.builder()
        .add("conv1", new Conv2d(1, 8, same().withStride(2)))
        .add("bn1", new BatchNorm(8))
        .add("relu1", Activation.relu())
        .add("conv2", new Conv2d(8, 16, same()))
        .add("bn2", new BatchNorm(16))
        .add("relu2", Activation.relu())
        .add("pool2", new MaxPool(2))
        .add("conv3", new Conv2d(16, 16, same()))
        .add("bn3", new BatchNorm(16))
        .add("relu3", Activation.relu())
        .add("flatten", new Flatten())
        .add("fc", new Linear(784, 10))
        .build();
  }

  private static Loader.Builder loader(Dataset data) {
    return Loader.of(data).normalize(Normalization.identity(1));
  }

  private static Trainer.Builder trainer(Module model, int epochs, double rate) {
    return trainer(model, epochs, rate, null);
  }

  private static Trainer.Builder trainer(
      Module model, int epochs, double rate, QuantizationAwareTraining technique) {
    Adam adam = Adam.builder().rate(rate).build();
    Loader data = loader(training).batchSize(50).shuffle(Random.of(5)).build();
    Trainer.Builder trainer =
        Trainer.builder(
                model,
                new CrossEntropy(),
                technique == null ? adam : technique.optimizer(adam),
                data)
            .schedule(Schedule.cosine(epochs, 0))
            .epochs(epochs)
            .seed(6);
    return technique == null ? trainer : trainer.callback(technique);
  }

  private static double accuracy(Module model) {
    return 100
        * new Evaluator(new CrossEntropy())
            .evaluate(model, loader(test).batchSize(500).build())
            .accuracy();
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("lsq 4 bits", shape -> QuantizationAwareTraining.lsq(shape, 4), 2),
        new Case("binary weights", QuantizationAwareTraining::binaryWeights, 3),
        new Case("binaryconnect", s -> QuantizationAwareTraining.binaryConnect(s, false), 6),
        new Case("twn", QuantizationAwareTraining::twn, 3),
        new Case("ttq", QuantizationAwareTraining::ttq, 4),
        new Case("dorefa 2 4", s -> QuantizationAwareTraining.dorefa(s, 2, 4, 32), 7),
        new Case("xnor", s -> QuantizationAwareTraining.xnor(s, false), 20));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fewBitsStayNearFullNumbers(Case one) {
    Module model = trained.build();
    trainer(model, 2, 0.002, one.training().apply(IMAGE)).build().run();
    double accuracy = accuracy(model);
    LOG.log(
        System.Logger.Level.INFO, "{0}: {1} %, float {2} %", one.name(), accuracy, floatAccuracy);
    assertTrue(
        accuracy >= floatAccuracy - one.points(),
        one.name() + ": " + accuracy + " %, float " + floatAccuracy + " %");
  }

  @Test
  void int8TrainingBecomesAnIntegerModelOfTheSameAnswers() {
    Module model = trained.build();
    QuantizationAwareTraining int8 = QuantizationAwareTraining.int8(IMAGE).freezeAfter(40, 60);
    trainer(model, 2, 0.001, int8).build().run();
    double accuracy = accuracy(model);
    LOG.log(System.Logger.Level.INFO, "int8: {0} %, float {1} %", accuracy, floatAccuracy);
    assertTrue(accuracy >= floatAccuracy - 1, accuracy + " %, float " + floatAccuracy + " %");
    Tensor x = loader(test).batchSize(100).build().epoch(0, 0).next().x();
    IntegerModel integers = PostTrainingQuantizer.export(model, x, RequantizationMode.FLOAT_SCALE);
    Tensor expected = infer(model, x);
    Tensor actual = integers.predict(x);
    double scale = 0;
    double largest = 0;
    for (int i = 0; i < expected.count(); i++) {
      scale = Math.max(scale, Math.abs(expected.get(i)));
      largest = Math.max(largest, Math.abs(expected.get(i) - actual.get(i)));
    }
    assertTrue(largest <= 0.02 * scale, "logits differ by " + largest + " of " + scale);
  }

  private static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }
}
