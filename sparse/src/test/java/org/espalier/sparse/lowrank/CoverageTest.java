package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.Mlp;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.Vgg;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Checks which layers take part, and that their batch norms are found through the graph. */
class CoverageTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final ConvConfig CONV = ConvConfig.kernel(3).withPadding(1).withoutBias();

  private static List<String> paths(List<LowRankLayer> layers) {
    return layers.stream().map(LowRankLayer::path).toList();
  }

  @Test
  void everyConvolutionOfAResidualNetTakesPartWithItsOwnNorm() {
    Module net = ResNet.cifar(20, 3, 10, ResNet.Shortcut.OPTION_B, false);
    List<LowRankLayer> layers = Coverage.CONVOLUTIONS.of(net, Shape.of(32, 32, 3));
    assertEquals(21, layers.size());
    for (LowRankLayer layer : layers) {
      String norm =
          layer.path().endsWith("shortcut.0")
              ? layer.path().replace("shortcut.0", "shortcut.1")
              : layer.path().replace("conv", "bn");
      assertEquals(norm, layer.normPath());
      assertEquals(net.modules().get(norm), layer.norm());
    }
    long macs = layers.stream().mapToLong(LowRankLayer::macs).sum();
    assertEquals(Costs.of(net, Shape.of(32, 32, 3)).convMacs(), macs);
  }

  /** Pairs by number would give the second convolution the first one's norm. */
  @Test
  void aConvolutionWithoutNormDoesNotShiftTheOthers() {
    Sequential net =
        Sequential.builder()
            .add("bare", new Conv2d(3, 4, CONV))
            .add("relu", Activation.relu())
            .add("conv", new Conv2d(4, 5, CONV))
            .add("bn", new BatchNorm(5))
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(5, 2))
            .build();
    List<LowRankLayer> layers = Coverage.CONVOLUTIONS.of(net, IMAGE);
    assertEquals(List.of("bare", "conv"), paths(layers));
    assertNull(layers.get(0).norm());
    assertEquals("bn", layers.get(1).normPath());
    assertNull(Coverage.CONVOLUTIONS.withoutRectification().of(net, IMAGE).get(1).norm());
  }

  @Test
  void anOutputThatIsReadElsewhereIsProjectedAsItIs() {
    BatchNorm norm = new BatchNorm(3);
    Sequential preactivation =
        Sequential.builder()
            .add("conv", new Conv2d(3, 3, CONV))
            .add("block", new Residual(Sequential.builder().add("bn", norm).build()))
            .add("pool", new GlobalAveragePool())
            .build();
    assertNull(Coverage.CONVOLUTIONS.of(preactivation, IMAGE).get(0).norm());
    Sequential output = Sequential.builder().add("conv", new Conv2d(3, 3, CONV)).build();
    assertNull(Coverage.CONVOLUTIONS.of(output, IMAGE).get(0).norm());
  }

  @Test
  void aSharedConvolutionHasANormOnlyIfAllItsOutputsGoThere() {
    Conv2d shared = new Conv2d(3, 3, CONV);
    BatchNorm norm = new BatchNorm(3);
    Sequential same =
        Sequential.builder()
            .add("a", shared)
            .add("bn", norm)
            .add("b", shared)
            .add("again", norm)
            .build();
    List<LowRankLayer> layers = Coverage.CONVOLUTIONS.of(same, IMAGE);
    assertEquals(List.of("a"), paths(layers));
    assertEquals("bn", layers.get(0).normPath());
    assertEquals(2L * 64 * 81, layers.get(0).macs());
    Sequential different =
        Sequential.builder()
            .add("a", shared)
            .add("bn1", norm)
            .add("b", shared)
            .add("bn2", new BatchNorm(3))
            .build();
    assertNull(Coverage.CONVOLUTIONS.of(different, IMAGE).get(0).norm());
  }

  @Test
  void groupsAreBlocksAndDepthwiseOnesTakePartOnlyIfAsked() {
    Sequential net =
        Sequential.builder()
            .add("grouped", new Conv2d(4, 6, CONV.withGroups(2)))
            .add("depthwise", new Conv2d(6, 6, CONV.withGroups(6)))
            .add("pool", new GlobalAveragePool())
            .build();
    Shape image = Shape.of(8, 8, 4);
    LowRankLayer grouped = Coverage.CONVOLUTIONS.of(net, image).get(0);
    assertEquals(new WeightMatrix(2, 3, 18), grouped.matrix());
    assertTrue(grouped.splitsAt(2) && !grouped.splitsAt(3));
    assertEquals(List.of("grouped"), paths(Coverage.CONVOLUTIONS.of(net, image)));
    LowRankLayer depthwise = Coverage.CONVOLUTIONS.withDepthwise().of(net, image).get(1);
    assertEquals(new WeightMatrix(1, 6, 9), depthwise.matrix());
    assertTrue(depthwise.matrix().shrinksAt(3) && !depthwise.splitsAt(3));
    Module mobile = MobileNetV2.cifar(3, 10);
    long all = Coverage.CONVOLUTIONS.withDepthwise().of(mobile, Shape.of(32, 32, 3)).size();
    long dense = Coverage.CONVOLUTIONS.of(mobile, Shape.of(32, 32, 3)).size();
    assertEquals(17, all - dense);
  }

  @Test
  void linearLayersTakePartIfAskedButNeverTheFinalOne() {
    Module mlp = Mlp.of(12, 8, 6, 3);
    Shape sample = Shape.of(12);
    assertRefused("no layer takes part", () -> Coverage.CONVOLUTIONS.of(mlp, sample));
    List<String> linears = paths(Coverage.CONVOLUTIONS.withLinears().of(mlp, sample));
    assertEquals(2, linears.size());
    String first = linears.get(0);
    assertEquals(
        linears.subList(1, 2),
        paths(Coverage.CONVOLUTIONS.withLinears().without(first).of(mlp, sample)));
    assertEquals(
        linears.subList(0, 1),
        paths(Coverage.CONVOLUTIONS.withLinears().where(first::equals).of(mlp, sample)));
    Module vgg = Vgg.cifar(16, 3, 10, Vgg.Head.HIDDEN_LINEAR, true);
    List<LowRankLayer> layers = Coverage.CONVOLUTIONS.withLinears().of(vgg, Shape.of(32, 32, 3));
    assertEquals(14, layers.size());
    assertEquals("classifier.fc1", layers.get(13).path());
    assertEquals("classifier.bn1", layers.get(13).normPath());
  }

  /** Runs a convolution by hand and adds its output to its normalised self. */
  private static final class ReadTwice extends Module {
    private final Conv2d conv = child("conv", new Conv2d(3, 3, CONV));
    private final BatchNorm norm = child("norm", new BatchNorm(3));

    @Override
    protected Var forward(Pass pass, Var x) {
      Var y = conv.apply(pass, x);
      return Ops.add(y, norm.apply(pass, y));
    }

    @Override
    protected Spec describe() {
      return Spec.of("read_twice");
    }
  }

  @Test
  void handWrittenModulesAreReadLikeOthers() {
    LowRankLayer layer = Coverage.CONVOLUTIONS.of(new ReadTwice(), IMAGE).get(0);
    assertEquals("conv", layer.path());
    assertNull(layer.norm());
    assertNotNull(layer.weight());
    assertFalse(layer.isDepthwise());
  }

  /** Returns what its convolution gives, and normalises it for nobody. */
  private static final class Unused extends Module {
    private final Conv2d conv = child("conv", new Conv2d(3, 3, CONV));
    private final BatchNorm norm = child("norm", new BatchNorm(3));

    @Override
    protected Var forward(Pass pass, Var x) {
      Var y = conv.apply(pass, x);
      norm.apply(pass, y);
      return y;
    }

    @Override
    protected Spec describe() {
      return Spec.of("unused");
    }
  }

  @Test
  void whatTheModelReturnsIsReadElsewhere() {
    assertNull(Coverage.CONVOLUTIONS.of(new Unused(), IMAGE).get(0).norm());
  }
}
