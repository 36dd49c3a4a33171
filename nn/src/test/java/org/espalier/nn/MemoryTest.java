package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.WideResNet;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;

/** Checks that passes give memory back: who frees what is the containers' job. */
class MemoryTest {
  private static void trainStep(Module model, Tensor x, Workspace workspace, long step) {
    try (Pass pass = Pass.train(workspace, Random.of(1).at(step))) {
      Var logits = model.apply(pass, pass.input(x));
      Gradients gradients = Walk.gradient(Ops.reduce(Reduction.MEAN, logits, "n c ->"));
      for (Parameter parameter : model.parameters()) {
        Tensor gradient = gradients.of(parameter);
        parameter.update(raw -> addScaled(-0.01, gradient, raw));
      }
    }
  }

  private static void addScaled(double factor, Tensor x, Tensor y) {
    for (int i = 0; i < y.count(); i++) {
      y.set(i, y.get(i) + factor * x.get(i));
    }
  }

  private static void assertSteadyTraining(Module model, Tensor x) {
    Workspace workspace = new Workspace();
    for (int step = 0; step < 2; step++) {
      trainStep(model, x, workspace, step);
    }
    long warm = workspace.bytesMade();
    for (int step = 2; step < 5; step++) {
      trainStep(model, x, workspace, step);
    }
    assertEquals(warm, workspace.bytesMade(), "a steady step makes no new array");
  }

  @Test
  void steadyTrainingStepsMakeNoNewArrays() {
    assertSteadyTraining(ResNet.cifar(8, 10), Values.normal(1, 2, 16, 16, 3));
    assertSteadyTraining(
        ResNet.cifar(8, 10, ResNet.Shortcut.OPTION_B), Values.normal(1, 2, 8, 8, 3));
    assertSteadyTraining(WideResNet.of(10, 0.5, 3, 0.3), Values.normal(2, 2, 8, 8, 3));
    assertSteadyTraining(DenseNet.bottleneck(10, 4, 3, 3), Values.normal(3, 2, 8, 8, 3));
  }

  /** Returns the bytes one cold infer pass makes. */
  private static long inferBytes(Module model, Tensor x) {
    Workspace workspace = new Workspace();
    try (Pass pass = Pass.infer(workspace)) {
      model.apply(pass, pass.input(x));
    }
    return workspace.bytesMade();
  }

  @Test
  void inferenceNeedsAFewLayersWorthOfMemoryHoweverDeepTheModelIs() {
    Tensor x = Values.normal(1, 4, 16, 16, 3);
    long widest = 4L * 16 * 16 * 16 * Float.BYTES;

    long shallow = inferBytes(ResNet.cifar(14, 10), x);
    long deep = inferBytes(ResNet.cifar(26, 10), x);

    assertEquals(shallow, deep, "depth must not cost memory");
    assertTrue(deep < 8 * widest, deep + " bytes, one layer has " + widest);
    Tensor small = Values.normal(1, 1, 16, 16, 3);
    long mobile = inferBytes(MobileNetV2.cifar(3, 10), small);
    long expanded = 16L * 16 * 144 * Float.BYTES;
    assertTrue(mobile < 8 * expanded, mobile + " bytes, the widest layer has " + expanded);
  }

  @Test
  void everyContainerFreesItsValuesButNeverItsOwnInput() {
    Map<String, Module> branches = new LinkedHashMap<>();
    branches.put("old", new Identity());
    branches.put("new", layers(4));
    Module concat = new Concat(branches);
    assertFreesAllButInputAndOutput(concat, 8);
    assertFreesAllButInputAndOutput(new Residual(layers(4)), 4);
    assertFreesAllButInputAndOutput(new Residual(layers(4), layers(4)), 4);
    assertFreesAllButInputAndOutput(new Residual(new Identity(), new Identity()), 4);
    assertFreesAllButInputAndOutput(new Product(new Identity(), layers(4)), 4);
    assertFreesAllButInputAndOutput(new Product(layers(4), layers(4)), 4);
    assertFreesAllButInputAndOutput(layers(4), 4);
    assertFreesAllButInputAndOutput(Sequential.of(new Identity(), layers(4), new Identity()), 4);
  }

  private static Sequential layers(int channels) {
    return Sequential.of(
        new Linear(channels, 7), Activation.tanh(), new Linear(7, channels), new Identity());
  }

  /**
   * The module runs on a value the pass owns. Afterwards that value must still be readable, and a
   * second run must find all arrays of the first again, but for its output.
   */
  private static void assertFreesAllButInputAndOutput(Module module, int width) {
    Workspace workspace = new Workspace();
    Tensor x = Values.normal(1, 3, 4);
    try (Pass pass = Pass.infer(workspace)) {
      Var input = Ops.tanh(pass.input(x));
      Tensor before = input.value().copy();
      Var first = module.apply(pass, input);
      long bytes = workspace.bytesMade();
      module.apply(pass, input);
      assertEquals(
          bytes + 3L * width * Float.BYTES,
          workspace.bytesMade(),
          "the second run may make its output only");
      Values.assertSame(before, input.value());
      assertEquals(3 * width, first.value().toDoubles().length);
    }
  }

  @Test
  void paddedConvolutionsGiveTheirPaddedInputBack() {
    Module model =
        Sequential.of(
            new Conv2d(2, 2, ConvConfig.kernel(3).withPadding(1).withPadMode(PadMode.REFLECT)),
            new Conv2d(2, 2, ConvConfig.kernel(3).withPadding(1).withPadMode(PadMode.REFLECT)));
    long two = inferBytes(model, Values.normal(1, 1, 5, 5, 2));
    long map = 5 * 5 * 2 * Float.BYTES;
    long padded = 7 * 7 * 2 * Float.BYTES;
    long halfPadded = 7 * 5 * 2 * Float.BYTES;
    assertEquals(2 * map + padded + halfPadded, two);
  }
}
