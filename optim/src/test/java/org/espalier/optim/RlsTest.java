package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class RlsTest {
  private static final Tensor X = RlsRun.normal(1, DType.F32, 5, 4);
  private static final Tensor G = RlsRun.normal(2, DType.F32, 5, 3);

  private static Linear linear() {
    return (Linear) new Linear(4, 3).initialize(1);
  }

  private static Conv2d conv(int in, int out, ConvConfig config) {
    return (Conv2d) new Conv2d(in, out, config).initialize(2);
  }

  @Test
  void otherParametersGoToTheCompanion() {
    Module model =
        Sequential.builder().add("fc", new Linear(4, 3)).add("norm", new BatchNorm(3)).build();
    model.initialize(1);
    Rls rls = Rls.builder().momentum(0.5).build();
    for (int step = 0; step < 2; step++) {
      RlsRun.step(rls, model, X, RlsRun.normal(step, DType.F32, 5, 3));
    }
    assertEquals(
        Set.of("rls.p", "rls.velocity", "rls.step"), model.parameter("fc.weight").slots().keySet());
    assertEquals(Set.of("rls.velocity"), model.parameter("fc.bias").slots().keySet());
    assertEquals(Set.of("sgd.momentum"), model.parameter("norm.weight").slots().keySet());
    rls.restart(model.parameters());
    model.parameters().forEach(p -> assertTrue(p.slots().isEmpty(), p.name()));
  }

  @Test
  void parametersThatAreNoMembersStayAsTheyAre() {
    Linear layer = linear();
    Tensor bias = layer.bias().raw().copy();
    Optimizer routed =
        Optimizer.route(
            p -> p == layer.bias(), Sgd.builder().rate(0).build(), Rls.builder().build());
    RlsRun.step(routed, layer, X, G);
    RlsRun.step(routed, layer, X, G);
    assertTrue(bias.bitEquals(layer.bias().raw()));
    assertEquals(5, InverseAutocorrelation.of(layer.weight()).size(), "the layer has a bias");
    Linear other = linear();
    RlsRun.step(Rls.builder().build(), other, X, G);
    RlsRun.step(Rls.builder().build(), other, X, G);
    assertFalse(bias.bitEquals(other.bias().raw()));
    assertTrue(RlsRun.difference(layer.weight().raw(), other.weight().raw()) > 1e-4);
  }

  /** Each group of a convolution learns as a convolution of its own would. */
  @Test
  void groupsHaveMatricesOfTheirOwn() {
    ConvConfig config = ConvConfig.kernel(3).withPadding(1).withBias(true);
    Conv2d grouped = conv(4, 6, config.withGroups(2));
    Conv2d[] alone = {conv(2, 3, config), conv(2, 3, config)};
    Tensor x = RlsRun.normal(3, DType.F32, 2, 5, 5, 4);
    Rls rls = Rls.builder().momentum(0.5).weightDecay(0.01).build();
    for (int g = 0; g < 2; g++) {
      alone[g].weight().set(rows(grouped.weight().raw(), 3 * g, 3));
      alone[g].bias().set(rows(grouped.bias().raw(), 3 * g, 3));
    }
    for (int step = 0; step < 3; step++) {
      Tensor dy = RlsRun.normal(4 + step, DType.F32, 2, 5, 5, 6);
      RlsRun.step(rls, grouped, x, dy);
      for (int g = 0; g < 2; g++) {
        RlsRun.step(rls, alone[g], channels(x, 2 * g, 2), channels(dy, 3 * g, 3));
      }
    }
    InverseAutocorrelation p = InverseAutocorrelation.of(grouped.weight());
    assertEquals(2, p.blocks());
    assertEquals(19, p.size());
    for (int g = 0; g < 2; g++) {
      assertEquals(
          0,
          RlsRun.difference(rows(grouped.weight().raw(), 3 * g, 3), alone[g].weight().raw()),
          1e-4);
      assertEquals(
          0, RlsRun.difference(rows(grouped.bias().raw(), 3 * g, 3), alone[g].bias().raw()), 1e-4);
      Tensor single = InverseAutocorrelation.of(alone[g].weight()).matrix(0);
      assertEquals(0, RlsRun.difference(p.matrix(g), single), 1e-5);
    }
  }

  private static Tensor rows(Tensor tensor, int from, int count) {
    int each = tensor.count() / tensor.shape().size(0);
    Tensor rows = Tensor.zeros(tensor.dtype(), tensor.shape().with(0, count));
    for (int i = 0; i < rows.count(); i++) {
      rows.set(i, tensor.get(from * each + i));
    }
    return rows;
  }

  private static Tensor channels(Tensor tensor, int from, int count) {
    int all = tensor.shape().size(-1);
    Tensor channels =
        Tensor.zeros(tensor.dtype(), tensor.shape().with(tensor.shape().rank() - 1, count));
    for (int i = 0; i < channels.count(); i++) {
      channels.set(i, tensor.get(i / count * all + from + i % count));
    }
    return channels;
  }

  @Test
  void aDepthwiseConvolutionHasAMatrixAChannel() {
    Conv2d layer = conv(3, 6, ConvConfig.kernel(3).withPadding(1).withBias(false).withGroups(3));
    Tensor x = RlsRun.normal(5, DType.F32, 2, 4, 4, 3);
    RlsRun.step(Rls.builder().build(), layer, x, RlsRun.normal(6, DType.F32, 2, 4, 4, 6));
    InverseAutocorrelation p = InverseAutocorrelation.of(layer.weight());
    assertEquals(3, p.blocks());
    assertEquals(9, p.size());
    layer.weight().cut(0, Indices.of(6, 0, 1, 4, 5));
    InverseAutocorrelation cut = InverseAutocorrelation.of(layer.weight());
    assertEquals(2, cut.blocks());
    assertTrue(cut.matrix(1).bitEquals(p.matrix(2)), "the matrix of the channel between went");
  }

  /** The blocks of the block option are what a full matrix would be if channels did not meet. */
  @Test
  void theBlockOptionKeepsAMatrixAnInputChannelAndOneForTheBias() {
    Conv2d layer = conv(3, 2, ConvConfig.kernel(2).withBias(true));
    Tensor x = RlsRun.normal(7, DType.F32, 2, 4, 4, 3);
    Tensor dy = RlsRun.normal(8, DType.F32, 2, 3, 3, 2);
    Rls blocks = Rls.builder().blockDiagonal().maxInputSize(4).build();
    Tensor bias = layer.bias().raw().copy();
    for (int step = 0; step < 2; step++) {
      RlsRun.step(blocks, layer, x, dy);
    }
    InverseAutocorrelation p = InverseAutocorrelation.of(layer.weight());
    assertEquals(3, p.blocks());
    assertEquals(4, p.size());
    assertTrue(p.isPerChannel());
    for (int channel = 0; channel < 3; channel++) {
      Conv2d alone = conv(1, 2, ConvConfig.kernel(2).withBias(false));
      for (int step = 0; step < 2; step++) {
        RlsRun.step(Rls.builder().build(), alone, channels(x, channel, 1), dy);
      }
      Tensor single = InverseAutocorrelation.of(alone.weight()).matrix(0);
      assertEquals(0, RlsRun.difference(p.matrix(channel), single), 1e-6);
    }
    double matrix = InverseAutocorrelation.of(layer.bias()).matrix(0).get(0);
    assertEquals(1 / 1.1 / (1 + 0.1 / 1.1), matrix, 1e-6);
    double sum = 0;
    for (int i = 0; i < dy.count(); i += 2) {
      sum += dy.get(i);
    }
    double moved = bias.get(0) - sum * (1 / 1.1 + 1 / 1.1 / (1 + 0.1 / 1.1));
    assertEquals(moved, layer.bias().raw().get(0), 1e-4);
    layer.weight().cut(3, Indices.of(3, 0, 2));
    RlsRun.step(blocks, layer, channels(x, 0, 2), dy);
    assertEquals(2, InverseAutocorrelation.of(layer.weight()).blocks(), "few inputs, still blocks");
  }

  /** Runs one layer twice; the second time on other numbers. */
  private static final class Twice extends Module {
    private final Linear layer = child("layer", linear());

    @Override
    protected Var forward(Pass pass, Var x) {
      Var once = layer.apply(pass, x);
      Var again = layer.apply(pass, pass.input(RlsRun.normal(9, DType.F32, 5, 4)));
      return org.espalier.autograd.op.Ops.add(once, again);
    }

    @Override
    protected Spec describe() {
      return Spec.of("twice");
    }
  }

  @Test
  void aSharedLayerAveragesTheInputsOfItsUses() {
    Twice twice = new Twice();
    Linear once = linear();
    Rls rls = Rls.builder().build();
    Tensor mean = RlsRun.step(rls, twice, X, G).get(0);
    Tensor first = RlsRun.step(rls, once, X, G).get(0);
    Tensor second = RlsRun.step(rls, linear(), RlsRun.normal(9, DType.F32, 5, 4), G).get(0);
    for (int i = 0; i < 5; i++) {
      assertEquals((first.get(i) + second.get(i)) / 2, mean.get(i), 1e-6);
    }
    Tensor p = InverseAutocorrelation.of(twice.layer.weight()).matrix(0);
    assertEquals(1 - 0.1 * square(mean, 0) / (1 + 0.1 * dot(mean)), p.get(0), 1e-5);
  }

  private static double square(Tensor mean, int i) {
    return mean.get(i) * mean.get(i);
  }

  private static double dot(Tensor mean) {
    double sum = 0;
    for (int i = 0; i < mean.count(); i++) {
      sum += square(mean, i);
    }
    return sum;
  }

  @Test
  void matricesThatGrowAreScaledBackOrRefused() {
    Tensor quiet = Tensor.zeros(DType.F32, Shape.of(5, 4));
    Linear layer = linear();
    Rls forgetting = Rls.builder().forgettingFactor(0.01).build();
    for (int step = 0; step < 4; step++) {
      RlsRun.step(forgetting, layer, quiet, G);
    }
    double[] diagonal = new double[5];
    double sum = 0;
    for (int i = 0; i < 5; i++) {
      diagonal[i] = InverseAutocorrelation.of(layer.weight()).matrix(0).get(i * 6);
      sum += diagonal[i];
    }
    assertEquals(5, sum, 1e-9);
    Rls strict = Rls.builder().forgettingFactor(0.01).strict().build();
    Linear other = linear();
    for (int step = 0; step < 3; step++) {
      RlsRun.step(strict, other, quiet, G);
    }
    Tensor before = other.weight().raw().copy();
    String text =
        assertThrows(IllegalStateException.class, () -> RlsRun.step(strict, other, quiet, G))
            .getMessage();
    assertTrue(text.contains("mean diagonal"), text);
    assertTrue(before.bitEquals(other.weight().raw()));
  }

  @Test
  void aForgettingOptimizerKeepsDoubles() {
    Linear layer = linear();
    RlsRun.step(Rls.builder().build(), layer, X, G);
    assertEquals(DType.F32, layer.weight().slots().get("rls.p").tensor().dtype());
    RlsRun.step(Rls.builder().forgettingFactor(0.99).build(), layer, X, G);
    assertEquals(DType.F64, layer.weight().slots().get("rls.p").tensor().dtype());
  }

  @Test
  void steadyStepsMakeNoLargeArray() {
    Module model = Sequential.of(new Linear(60, 50), new Linear(50, 10)).initialize(1);
    Tensor x = RlsRun.normal(1, DType.F32, 8, 60);
    Tensor dy = RlsRun.normal(2, DType.F32, 8, 10);
    Rls rls = Rls.builder().momentum(0.5).build();
    Workspace workspace = new Workspace();
    RlsRun.step(rls, model, x, dy, workspace);
    long made = workspace.bytesMade();
    for (int step = 0; step < 5; step++) {
      RlsRun.step(rls, model, x, dy, workspace);
    }
    assertEquals(made, workspace.bytesMade());
  }

  @Test
  void aRestoredModelGoesOnBitForBit() {
    for (double forgetting : new double[] {1, 0.99}) {
      Module model = Sequential.of(linear()).initialize(1);
      Rls rls = Rls.builder().momentum(0.5).forgettingFactor(forgetting).build();
      RlsRun.step(rls, model, X, G);
      Snapshot saved = Snapshot.of(model, Map.of(), Map.of());
      RlsRun.step(rls, model, X, G);
      Module again = saved.build();
      RlsRun.step(rls, again, X, G);
      Snapshot one = Snapshot.of(model, Map.of(), Map.of());
      Snapshot two = Snapshot.of(again, Map.of(), Map.of());
      assertEquals(one.slots().keySet(), two.slots().keySet());
      one.slots().forEach((key, slot) -> assertTrue(slot.bitEquals(two.slots().get(key)), key));
      one.state().forEach((key, raw) -> assertTrue(raw.bitEquals(two.state().get(key)), key));
    }
  }

  @Test
  void aScheduleMovesTheGradientScale() {
    Linear full = linear();
    Linear half = linear();
    Tensor before = full.weight().raw().copy();
    RlsRun.step(Rls.builder().gradientScale(0.5).build(), half, X, G);
    RlsRun.step(Rls.builder().build(), full, X, G);
    assertEquals(1, Rls.builder().build().rate());
    for (int i = 0; i < before.count(); i++) {
      double moved = full.weight().raw().get(i) - before.get(i);
      assertNotEquals(0, moved);
      assertEquals(moved / 2, half.weight().raw().get(i) - before.get(i), 1e-6);
    }
  }

  @Test
  void optionsAreDescribed() {
    Map<String, Object> options = Rls.builder().averageScale(0.2).build().describe();
    assertEquals("rls", options.get("optimizer"));
    assertEquals(0.2, options.get("averageScale"));
    assertEquals("sgd", ((Map<?, ?>) options.get("companion")).get("optimizer"));
    assertFalse(Rls.builder().build().toString().isEmpty());
    assertNull(InverseAutocorrelation.of(linear().weight()));
  }
}
