package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Sequential;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class Conv1dTest {
  @Test
  void samePaddingOfAnEvenKernelHasTheSmallerHalfInFront() {
    Conv1d conv = new Conv1d(1, 1, ConvConfig.kernel(8).withPadding(Padding.SAME).withoutBias());
    conv.initialize(0);
    conv.weight().update(w -> w.fill(0));
    conv.weight().update(w -> w.set(3, 1));
    Tensor x = Values.normal(1, 1, 11, 1);
    Values.assertSame(x, Values.infer(conv, x));
  }

  @Property(tries = 10)
  void equalsATwoDimensionalConvolutionOfHeightOne(@ForAll long seed) {
    ConvConfig config = ConvConfig.kernel(1, 3).withStride(2).withPadding(Padding.TF_SAME);
    Conv1d line = Values.randomize(new Conv1d(2, 3, config), seed);
    Conv2d plane = new Conv2d(2, 3, config);
    plane.initialize(0);
    plane.weight().set(line.weight().raw().reshape(3, 1, 3, 2));
    plane.bias().set(line.bias().raw());
    Tensor x = Values.normal(seed, 2, 9, 2);
    Tensor expected = Values.infer(plane, x.reshape(2, 1, 9, 2));
    Values.assertClose(expected.reshape(2, 5, 3), Values.infer(line, x), 1e-6);
  }

  @Property(tries = 10)
  void paddingOfAnyContentIsAPadLayerInFront(@ForAll long seed, @ForAll PadMode mode) {
    ConvConfig config = ConvConfig.kernel(4);
    Conv1d padded =
        Values.randomize(
            new Conv1d(2, 3, config.withPadding(Padding.SAME).withPadMode(mode)), seed);
    Conv1d bare = Values.randomize(new Conv1d(2, 3, config), seed);
    Tensor x = Values.normal(seed, 2, 6, 2);
    Values.assertClose(
        Values.infer(Sequential.of(new Pad(mode, 0, 0, 1, 2), bare), x),
        Values.infer(padded, x),
        1e-6);
  }

  @Test
  void weightsAreOutKernelIn() {
    Conv1d conv = new Conv1d(4, 6, ConvConfig.kernel(5).withGroups(2));
    assertEquals(Shape.of(6, 5, 2), conv.weight().shape());
    assertThrows(
        IllegalArgumentException.class, () -> new Conv1d(4, 5, ConvConfig.kernel(5).withGroups(2)));
  }
}
