package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class LinearLayerTest {
  @Test
  void layersAreFoundWithTheirBiasesInTheOrderOfThePass() {
    Module model =
        Sequential.builder()
            .add("conv", new Conv2d(3, 4, ConvConfig.kernel(3).withoutBias()))
            .add("norm", new BatchNorm(4))
            .add("flatten", new Flatten())
            .add("fc", new Linear(16, 2))
            .build();
    try (Pass pass = Pass.shapes()) {
      model.apply(pass, pass.input(Shape.of(1, 4, 4, 3)));
      List<LinearLayer> layers = LinearLayer.of(pass.tape(), model.parameters());
      assertEquals(2, layers.size());
      assertSame(model.parameter("conv.weight"), layers.get(0).weight());
      assertNull(layers.get(0).bias());
      assertEquals(27, layers.get(0).inputs());
      assertSame(model.parameter("fc.bias"), layers.get(1).bias());
      List<Parameter> weightOnly = List.of(model.parameter("fc.weight"));
      LinearLayer alone = LinearLayer.of(pass.tape(), weightOnly).get(0);
      assertNull(alone.bias(), "not asked for");
      assertEquals(true, alone.biased());
    }
  }

  /** The slow twin lays every window out. */
  @Property(tries = 40)
  void meansOfWindowsCountThePadding(
      @ForAll @IntRange(min = 1, max = 3) int kernel,
      @ForAll @IntRange(min = 1, max = 2) int stride,
      @ForAll @IntRange(min = 1, max = 2) int dilation,
      @ForAll @IntRange(min = 0, max = 2) int padding,
      @ForAll @IntRange(min = 1, max = 2) int groups,
      @ForAll long seed) {
    ConvOptions options =
        ConvOptions.DEFAULT
            .withStride(stride)
            .withDilation(dilation)
            .withPadding(Padding.of(padding, padding / 2))
            .withGroups(groups > 1);
    ConvConfig config = ConvConfig.kernel(kernel).withOptions(options).withBias(true);
    int channels = 2 * groups;
    Conv2d conv = new Conv2d(channels, 2 * groups, groups > 1 ? config.withGroups(groups) : config);
    conv.initialize(0).convert(DType.F64);
    Tensor x = RlsRun.normal(seed, DType.F64, 2, 6, 7, channels);
    Tensor mean;
    int height;
    int width;
    try (Pass pass = Pass.study()) {
      Shape y = conv.apply(pass, pass.input(x)).shape();
      height = y.size(1);
      width = y.size(2);
      mean = LinearLayer.of(pass.tape(), conv.parameters()).get(0).meanInput();
    }
    assertEquals(Shape.of(groups, 2 * kernel * kernel + 1), mean.shape());
    for (int g = 0; g < groups; g++) {
      int at = g * mean.shape().size(1);
      for (int i = 0; i < kernel; i++) {
        for (int j = 0; j < kernel; j++) {
          for (int c = 0; c < 2; c++) {
            double sum = 0;
            for (int n = 0; n < 2; n++) {
              for (int oy = 0; oy < height; oy++) {
                for (int ox = 0; ox < width; ox++) {
                  int iy = oy * stride - padding + i * dilation;
                  int ix = ox * stride - padding + j * dilation;
                  boolean inside = iy >= 0 && iy < 6 && ix >= 0 && ix < 7;
                  sum += inside ? x.get(x.offset(n, iy, ix, 2 * g + c)) : 0;
                }
              }
            }
            assertEquals(sum / (2 * height * width), mean.get(at++), 1e-12);
          }
        }
      }
      assertEquals(1, mean.get(at), "the bias");
    }
  }

  @Test
  void seriesAndRowsAreAveragedOverAllTheirPositions() {
    Conv1d conv = new Conv1d(1, 1, ConvConfig.kernel(2).withoutBias());
    Linear linear = new Linear(1, 1, false);
    for (Module layer : new Module[] {conv, linear}) {
      layer.initialize(0).convert(DType.F64);
      Tensor x = Tensor.of(Shape.of(1, 3, 1), 1.0, 2.0, 6.0);
      try (Pass pass = Pass.study()) {
        layer.apply(pass, pass.input(x));
        Tensor mean = LinearLayer.of(pass.tape(), layer.parameters()).get(0).meanInput();
        assertEquals(layer == conv ? 1.5 : 3, mean.get(0));
        assertEquals(layer == conv ? 4 : 3, mean.get(mean.count() - 1));
      }
    }
  }

  /** Three layers with one bias; the last has another input size too. */
  private static final class OneBias extends Module {
    private final Parameter bias = parameter("bias", Shape.of(3), Init.constant(0));
    private final Parameter[] weights = {
      parameter("a", Shape.of(3, 3), Init.normal(0, 1)),
      parameter("b", Shape.of(3, 3), Init.normal(0, 1)),
      parameter("c", Shape.of(3, 3), Init.normal(0, 1))
    };

    @Override
    protected Var forward(Pass pass, Var x) {
      Var y = x;
      for (Parameter weight : weights) {
        y = Ops.linear(y, pass.value(weight), pass.value(bias));
      }
      return y;
    }

    @Override
    protected Spec describe() {
      return Spec.of("one_bias");
    }
  }

  @Test
  void aBiasOfSeveralLayersBelongsToNone() {
    OneBias model = new OneBias();
    try (Pass pass = Pass.shapes()) {
      model.apply(pass, pass.input(Shape.of(1, 3)));
      List<LinearLayer> layers = LinearLayer.of(pass.tape(), model.parameters());
      assertEquals(3, layers.size());
      layers.forEach(layer -> assertNull(layer.bias()));
      layers.forEach(layer -> assertTrue(layer.biased()));
    }
  }

  @Test
  void aWeightUsedWithABiasAndWithoutIsRefused() {
    Parameter weight = Parameter.trainable("tied", RlsRun.normal(1, DType.F32, 3, 3));
    Parameter bias = Parameter.trainable("bias", RlsRun.normal(2, DType.F32, 3));
    try (Pass pass = Pass.study()) {
      Var x = pass.input(RlsRun.normal(3, DType.F32, 1, 3));
      Var y = Ops.linear(x, pass.value(weight), pass.value(bias));
      Ops.linear(y, pass.value(weight), null);
      String text =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> LinearLayer.of(pass.tape(), List.of(weight, bias)))
              .getMessage();
      assertTrue(text.contains("tied"), text);
    }
  }
}
