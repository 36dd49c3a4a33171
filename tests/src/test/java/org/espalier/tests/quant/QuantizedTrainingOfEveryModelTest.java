package org.espalier.tests.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.LeNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.WideResNet;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.espalier.sparse.quant.integer.PostTrainingQuantizer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that grids stand in every model of the library just where integer inference has them. */
class QuantizedTrainingOfEveryModelTest {
  /**
   * Is a model and what it takes.
   *
   * @param name the name for messages
   * @param model the model
   * @param sample the shape of one sample
   */
  private record Case(String name, Module model, Shape sample) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    Shape image = Shape.of(32, 32, 3);
    Shape small = Shape.of(16, 16, 3);
    return Stream.of(
        new Case("ResNet-8", ResNet.cifar(8, 10), small),
        new Case("WRN-10-1", WideResNet.of(10, 1, 10), image),
        new Case("DenseNet", DenseNet.plain(7, 4, 3, 10), image),
        new Case("MobileNetV2", MobileNetV2.cifar(3, 10), small),
        new Case("LeNet", LeNet.caffe(28, 28, 1, 10), Shape.of(28, 28, 1)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theTrainedGridsAreAllThatIntegerInferenceNeeds(Case one) {
    Module model = one.model().initialize(3);
    QuantizationAwareTraining.int8(one.sample()).attach(model);
    Tensor x = noise(one.sample().batched(4));
    for (int step = 0; step < 2; step++) {
      try (Pass pass = Pass.train(new Workspace(), Random.of(step))) {
        Var y = model.apply(pass, pass.input(x));
        Var loss = new CrossEntropy().of(pass, y, Tensor.indices(0, 1, 2, 3));
        Sgd.builder().rate(1e-4).build().step(Step.of(pass.tape(), Walk.gradient(loss)));
      }
    }
    Tensor expected;
    try (Pass pass = Pass.infer(new Workspace())) {
      expected = model.apply(pass, pass.input(x)).value().copy();
    }
    IntegerModel integers = PostTrainingQuantizer.export(model, x, RequantizationMode.FLOAT_SCALE);
    Tensor actual = integers.predict(x);
    assertEquals(expected.shape(), actual.shape());
    double size = 0;
    double distance = 0;
    for (int i = 0; i < expected.count(); i++) {
      size += expected.get(i) * expected.get(i);
      distance += Math.pow(expected.get(i) - actual.get(i), 2);
    }
    assertTrue(
        Math.sqrt(distance / size) < 0.05,
        one.name() + ": relative distance " + Math.sqrt(distance / size));
  }

  private static Tensor noise(Shape shape) {
    Tensor x = Tensor.zeros(DType.F32, shape);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, Random.of(9).normal(i));
    }
    return x;
  }
}
