package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every refusal of the layers reference, section 1, with the words a user reads. */
class OpErrorsTest {
  private static Var x(int... sizes) {
    return Var.constant(Tensor.zeros(sizes));
  }

  private static Var index(int... numbers) {
    return Var.constant(Tensor.indices(numbers));
  }

  private static Arguments refusal(String message, Executable call) {
    return Arguments.of(message, call);
  }

  static Stream<Arguments> refusals() {
    ConvOptions plain = ConvOptions.DEFAULT;
    return Stream.of(
        refusal(
            "conv2d: 'x' must have 4 axes (n y+i x+j c), got [2, 5, 3]",
            () -> Ops.conv2d(x(2, 5, 3), x(4, 3, 3, 3), null, plain)),
        refusal(
            "conv2d: axis 3 of 'weight' [4, 3, 3, 2] must be 4, the 'c' of 'x' [1, 5, 5, 4]",
            () -> Ops.conv2d(x(1, 5, 5, 4), x(4, 3, 3, 2), null, plain)),
        refusal(
            "conv1d: axis 2 of 'x' [1, 5, 4] must be a multiple of 3, the product of (g c)",
            () -> Ops.conv1d(x(1, 5, 4), x(4, 3, 3), null, plain.withGroups(true))),
        refusal(
            "conv2d: axis 0 of 'bias' [5] must be 4, the 'o' of 'weight' [4, 3, 3, 2]",
            () -> Ops.conv2d(x(1, 5, 5, 2), x(4, 3, 3, 2), x(5), plain)),
        refusal("convolution: stride must be positive, got 0x1", () -> plain.withStride(0, 1)),
        refusal(
            "convolution: dilation must be positive, got 1x-1", () -> plain.withDilation(1, -1)),
        refusal(
            "conv2d: no window of kernel 3 and dilation 1 fits an axis of 2 with padding 0; pad"
                + " more",
            () -> Ops.conv2d(x(1, 5, 2, 3), x(4, 3, 3, 3), null, plain)),
        refusal(
            "conv2d: the kernel must be at least 1 long, got 0",
            () -> Ops.conv2d(x(1, 5, 2, 3), x(4, 0, 3, 3), null, plain)),
        refusal(
            "batch_norm: eps must be a number of at least 0, got NaN",
            () -> Normalizations.batchNorm(x(3, 2), null, null, Double.NaN)),
        refusal(
            "batch_norm: needs more than one value per channel for batch statistics, got x [1, 3];"
                + " use a larger batch, or frozen statistics",
            () -> Normalizations.batchNorm(x(1, 3), null, null, 1e-5)),
        refusal(
            "layer_norm: eps must be a number of at least 0, got -1.0",
            () -> Normalizations.layerNorm(x(2, 3), null, null, 1, -1)),
        refusal(
            "group_norm: axis 2 of 'x' [2, 3, 4] must be a multiple of 3, the product of (g c)",
            () -> Normalizations.groupNorm(x(2, 3, 4), null, null, 3, 1e-5)),
        refusal(
            "dropout: the probability must lie in [0, 1], got 1.5",
            () -> Ops.dropout(x(2), 1.5, 1)),
        refusal(
            "dropout: the probability must lie in [0, 1], got NaN",
            () -> Ops.dropout(x(2), Double.NaN, 1)),
        refusal(
            "LEAKY_RELU: its numbers must not be NaN, got NaN, 0.0",
            () -> Ops.leakyRelu(x(2), Double.NaN)),
        refusal(
            "clamp: the lower bound 2.0 is above the upper one 1.0", () -> Ops.clamp(x(2), 2, 1)),
        refusal("softplus: beta must be positive, got 0.0", () -> Ops.softplus(x(2), 0, 20)),
        refusal("softmax: axis 2 does not exist in [2, 3]", () -> Ops.softmax(x(2, 3), 2)),
        refusal(
            "add: leading axes of 'y' [1, 3] must be [2, 3], those of 'x' [2, 3]",
            () -> Ops.add(x(2, 3), x(1, 3))),
        refusal(
            "concat: input 1 [2, 4, 3] must equal input 0 [2, 3, 3] but for axis 2",
            () -> Ops.concat(-1, x(2, 3, 3), x(2, 4, 3))),
        refusal(
            "slice: [2, 5) must be a part of axis 1 of 'x' [2, 4], which has 4 elements",
            () -> Ops.slice(x(2, 4), 1, 2, 5)),
        refusal(
            "split: sizes [1, 2] must add up to axis 1 of [2, 4]",
            () -> Ops.split(x(2, 4), 1, 1, 2)),
        refusal(
            "gather: index[1] = 4 is outside [0, 4) (-1 stands for zero)",
            () -> Ops.gather(x(2, 4), index(0, 4), -1)),
        refusal(
            "scatter: index[0] = -2 is outside [0, 9) (-1 stands for zero)",
            () -> Ops.scatter(x(2, 1), index(-2), -1, 9)),
        refusal(
            "gather: 'index' must be I32, got F32; convert with to(I32)",
            () -> Ops.gather(x(2, 4), x(2), -1)),
        refusal(
            "pad2d: reflection needs padding below the axis' size 3, got 3 and 0",
            () -> Ops.pad2d(x(1, 3, 3, 1), PadMode.REFLECT, 3, 0, 0, 0)),
        refusal(
            "pad: must not be negative, got top 0, bottom 0, left -1, right 0",
            () -> Ops.pad1d(x(1, 3, 1), PadMode.ZERO, -1, 0)),
        refusal(
            "interpolate: the size must be positive, got 0x3",
            () -> Ops.interpolate2d(x(1, 3, 3, 1), Interpolate.Mode.NEAREST, 0, 3)),
        refusal(
            "rearrange: axis 2 of 'x' [1, 2, 5] must be a multiple of 2, the product of (g c)",
            () -> Ops.channelShuffle(x(1, 2, 5), 2)),
        refusal(
            "rearrange: the size of 'h' does not follow from the inputs (x: n c -> n h c)",
            () -> Ops.rearrange(x(1, 2), "n c -> n h c", Map.of())),
        refusal(
            "rearrange: 'h' of size 3 stands on one side only (x: n c -> n h c); use reduce or"
                + " repeat",
            () -> Ops.rearrange(x(1, 2), "n c -> n h c", Map.of("h", 3))),
        refusal(
            "reduce: the letters on one side only must stand side by side, the others in order: x:"
                + " a b c -> c a",
            () -> new Reduce(Reduction.SUM, org.espalier.autograd.AxisSpec.of("x: a b c -> c a"))),
        refusal(
            "matmul: axis 0 of 'b' [5, 2] must be 4, the 'k' of 'a' [3, 4]",
            () -> Ops.matmul(x(3, 4), x(5, 2))),
        refusal(
            "nll: target[1] = 3 is outside [0, 3) and is not the ignored index -100",
            () -> Losses.crossEntropy(x(2, 3), index(0, 3))),
        refusal(
            "nll: the mean of no losses is not defined: all targets are ignored or have weight 0",
            () -> Losses.crossEntropy(x(2, 3), index(-100, -100))),
        refusal(
            "nll: 'target' must be I32, got F32; convert with to(I32)",
            () -> Losses.crossEntropy(x(2, 3), x(2))),
        refusal(
            "nll: leading axes of 'target' [3] must be [2], those of 'x' [2, 3]",
            () -> Losses.crossEntropy(x(2, 3), index(0, 1, 2))),
        refusal(
            "nll: the probability must lie in [0, 1], got 1.1",
            () -> Losses.crossEntropy(x(2, 3), index(0, 1), null, -100, 1.1, LossReduction.MEAN)),
        refusal(
            "nll: BATCH_MEAN is for kl_div; use MEAN, SUM or NONE",
            () -> Losses.nll(x(2, 3), index(0, 1), null, -100, LossReduction.BATCH_MEAN)),
        refusal(
            "bce_with_logits: 'target' holds probabilities, but element 0 is 2.0",
            () ->
                Losses.bceWithLogits(
                    x(1),
                    Var.constant(Tensor.of(Shape.of(1), 2f)),
                    null,
                    null,
                    LossReduction.MEAN)),
        refusal(
            "distillation: temperature must be positive, got 0.0",
            () -> Losses.distillation(x(2, 3), x(2, 3), 0)));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void isRefusedInTheseWords(String message, Executable call) {
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, call);
    assertEquals(message, refused.getMessage());
  }

  @Test
  void shapesAndTypesHaveTheirOwnExceptions() {
    assertThrows(ShapeException.class, () -> Ops.add(x(2, 3), x(3)));
    assertThrows(DTypeException.class, () -> Ops.gather(x(2, 4), x(2), -1));
  }

  @Test
  void aTargetThatWantsAGradientIsRefused() {
    try (Tape tape = Tape.open(Mode.TRAIN, new Workspace())) {
      Var target = tape.input(Tensor.full(org.espalier.tensor.DType.F32, Shape.of(3), 0.5), true);
      Var loss =
          Losses.bceWithLogits(
              tape.constant(Tensor.zeros(3)), target, null, null, LossReduction.SUM);
      StateException refused = assertThrows(StateException.class, () -> Walk.gradient(loss));
      assertTrue(
          refused.getMessage().startsWith("bce_with_logits: there is no gradient for 'target'"));
    }
  }
}
