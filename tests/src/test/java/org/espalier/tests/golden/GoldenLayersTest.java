package org.espalier.tests.golden;

import java.util.Locale;
import java.util.stream.Stream;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Interpolate;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Normalizations;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of the layers reference of our operations, in F32 and in F64. */
class GoldenLayersTest {
  static final String STEM = "layers";

  @TestFactory
  Stream<DynamicTest> float32() {
    return GoldenFolder.tests(STEM, golden -> run(golden, DType.F32));
  }

  @TestFactory
  Stream<DynamicTest> float64() {
    return GoldenFolder.tests(STEM, golden -> run(golden, DType.F64));
  }

  private static void run(GoldenCase golden, DType dtype) {
    String op = golden.text("op");
    if (op.equals("init")) {
      GoldenInit.check(golden, dtype);
    } else if (op.startsWith("batch_norm")) {
      GoldenBatchNorm.check(golden, dtype);
    } else {
      try (Tape tape = Tape.open(Mode.TRAIN, Workspace.poisoned())) {
        LayerRun run = new LayerRun(golden, tape, dtype);
        if (!linear(op, golden, run) && !pools(op, golden, run) && !others(op, golden, run)) {
          loss(op, golden, run);
        }
      }
    }
  }

  private static boolean linear(String op, GoldenCase golden, LayerRun run) {
    switch (op) {
      case "linear" -> run.check(Ops.linear(run.plain("x"), run.plain("w"), run.plain("b")));
      case "conv1d", "conv2d" -> run.checkLast(GoldenWindows.convolution(golden, run));
      case "layer_norm" ->
          run.check(
              Normalizations.layerNorm(
                  run.plain("x"),
                  run.plain("w"),
                  run.plain("b"),
                  golden.integers("normalized_shape").length,
                  golden.number("eps")));
      case "instance_norm" ->
          run.checkLast(
              Normalizations.instanceNorm(
                  run.last("x"), run.plain("w"), run.plain("b"), golden.number("eps")));
      case "instance_norm_keras_contrib" ->
          run.checkLast(
              Normalizations.instanceNormKerasContrib(
                  run.last("x"), run.plain("w"), run.plain("b"), golden.number("eps")));
      case "group_norm" ->
          run.checkLast(
              Normalizations.groupNorm(
                  run.last("x"),
                  run.plain("w"),
                  run.plain("b"),
                  golden.integer("groups"),
                  golden.number("eps")));
      case "squeeze_excite" -> run.checkLast(squeezeExcite(golden, run));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Var squeezeExcite(GoldenCase golden, LayerRun run) {
    Var x = run.last("x");
    Var squeezed = Ops.linear(Ops.globalAveragePool(x), run.plain("w1"), run.plain("b1"));
    Var excited = Ops.linear(Ops.relu(squeezed), run.plain("w2"), run.plain("b2"));
    return Ops.gate(x, GoldenActivations.of(golden.text("gate"), golden, excited));
  }

  private static boolean pools(String op, GoldenCase golden, LayerRun run) {
    if (!op.contains("_pool")) {
      return false;
    }
    Var x = run.last("x");
    run.checkLast(
        op.startsWith("adaptive")
            ? GoldenWindows.adaptive(op, golden.integers("output"), x)
            : GoldenWindows.pool(op, golden, x));
    return true;
  }

  private static boolean others(String op, GoldenCase golden, LayerRun run) {
    switch (op) {
      case "activation" ->
          run.check(GoldenActivations.of(golden.text("kind"), golden, run.plain("x")));
      case "prelu" -> run.checkLast(Ops.prelu(run.last("x"), run.plain("w")));
      case "softmax" -> run.check(Ops.softmax(run.plain("x"), golden.integer("dim")));
      case "log_softmax" -> run.check(Ops.logSoftmax(run.plain("x"), golden.integer("dim")));
      case "dropout" -> run.checkLast(dropout(golden, run));
      case "pad1d", "pad2d" -> run.checkLast(pad(golden, run.last("x")));
      case "interpolate" -> run.checkLast(interpolate(golden, run.last("x")));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Var dropout(GoldenCase golden, LayerRun run) {
    Var x = run.last("x");
    if (!golden.flag("training", true)) {
      return Ops.affine(x, 1, 0);
    }
    Tensor mask = ChannelsLast.of(golden, "mask", run.dtype());
    if (!mask.shape().equals(x.shape())) {
      mask = mask.reshape(Shape.of(x.shape().size(0), x.shape().size(-1)));
    }
    return Ops.dropout(x, golden.number("p"), Var.constant(mask));
  }

  private static Var pad(GoldenCase golden, Var x) {
    PadMode mode =
        switch (golden.text("mode")) {
          case "constant", "zero", "zeros" -> PadMode.ZERO;
          case "reflect" -> PadMode.REFLECT;
          case "replicate" -> PadMode.REPLICATE;
          default -> throw new AssertionError("pad mode " + golden.text("mode"));
        };
    if (x.shape().rank() == 3) {
      int[] sides = golden.integers(golden.has("left_right") ? "left_right" : "padding");
      return Ops.pad1d(x, mode, sides[0], sides[1]);
    }
    int[] sides = golden.integers("left_right_top_bottom");
    return Ops.pad2d(x, mode, sides[2], sides[3], sides[0], sides[1]);
  }

  private static Var interpolate(GoldenCase golden, Var x) {
    boolean align = golden.flag("align_corners", false);
    Interpolate.Mode mode =
        golden.text("mode").equals("nearest")
            ? Interpolate.Mode.NEAREST
            : align ? Interpolate.Mode.LINEAR_ALIGN_CORNERS : Interpolate.Mode.LINEAR;
    int[] size = golden.integers("size");
    return size.length == 1
        ? Ops.interpolate1d(x, mode, size[0])
        : Ops.interpolate2d(x, mode, size[0], size[1]);
  }

  private static LossReduction reduction(GoldenCase golden) {
    return LossReduction.valueOf(
        golden.text("reduction").replace("batchmean", "batch_mean").toUpperCase(Locale.ROOT));
  }

  private static int ignoreIndex(GoldenCase golden) {
    return golden.has("ignore_index") ? golden.integer("ignore_index") : Losses.IGNORE_INDEX;
  }

  private static void loss(String op, GoldenCase golden, LayerRun run) {
    switch (op) {
      case "cross_entropy" -> {
        Var x = run.last("x");
        run.check(
            Losses.crossEntropy(
                x,
                run.classes("target"),
                run.constant("class_weight"),
                ignoreIndex(golden),
                golden.number("label_smoothing", 0),
                reduction(golden)));
      }
      case "nll" ->
          run.check(
              Losses.nll(
                  Ops.logSoftmax(run.last("x"), -1),
                  run.classes("target"),
                  run.constant("class_weight"),
                  ignoreIndex(golden),
                  reduction(golden)));
      case "cross_entropy_soft" ->
          run.check(
              Losses.softCrossEntropy(
                  run.last("x"),
                  Var.constant(ChannelsLast.of(golden, "target", run.dtype())),
                  run.constant("class_weight"),
                  golden.number("label_smoothing", 0),
                  reduction(golden)));
      case "bce_with_logits" ->
          run.check(
              Losses.bceWithLogits(
                  run.plain("x"),
                  run.constant("target"),
                  run.constant("weight"),
                  run.constant("pos_weight"),
                  reduction(golden)));
      case "distillation_kl" ->
          run.check(
              Losses.distillation(
                  run.plain("x"), run.constant("teacher_logits"), golden.number("temperature")));
      case "kl_div" ->
          run.check(
              Losses.klDiv(
                  Ops.logSoftmax(run.plain("x"), 1),
                  run.constant("target"),
                  golden.flag("log_target", false),
                  reduction(golden)));
      default -> regression(op, golden, run);
    }
  }

  private static void regression(String op, GoldenCase golden, LayerRun run) {
    Var x = run.plain("x");
    switch (op) {
      case "mse" -> run.check(Losses.mse(x, run.constant("target"), reduction(golden)));
      case "sigmoid_mse" ->
          run.check(Losses.mse(Ops.sigmoid(x), run.constant("target"), reduction(golden)));
      case "l1" -> run.check(Losses.l1(x, run.constant("target"), reduction(golden)));
      case "smooth_l1" ->
          run.check(
              Losses.smoothL1(
                  x, run.constant("target"), golden.number("beta", 1), reduction(golden)));
      case "huber" ->
          run.check(
              Losses.huber(
                  x, run.constant("target"), golden.number("delta", 1), reduction(golden)));
      case "l1_penalty" ->
          run.check(Ops.affine(Losses.l1Penalty(x), golden.number("lambda", 1), 0));
      default -> throw new AssertionError(golden + ": no reader for the op '" + op + "'");
    }
  }
}
