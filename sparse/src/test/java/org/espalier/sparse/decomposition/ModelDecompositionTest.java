package org.espalier.sparse.decomposition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ModelDecompositionTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  private static Module net() {
    return ResNet.cifar(8, 5).initialize(3);
  }

  private static List<LayerDecomposition> methods() {
    return List.of(
        new SvdDecomposition(new Rank.Share(0.25)),
        new TuckerDecomposition(new Rank.Share(0.5)),
        new CpDecomposition(new Rank.Share(0.1), 3, 1e-6, 1e-12, 0),
        new SeparableDecomposition(),
        new GroupedDecomposition(4, GroupedDecomposition.Channels.SHUFFLED),
        new GroupedDecomposition(4));
  }

  @Test
  void aDecomposedNetworkIsSmallerSavesLoadsAndPredictsTheSameBits() {
    Costs dense = Costs.of(net(), IMAGE);
    Tensor x = TestNet.sample(2, 2, 8, 8, 3);
    for (LayerDecomposition method : methods()) {
      Module model = net();
      List<ModelDecomposition.Layer> report = ModelDecomposition.decompose(model, method);
      long saved =
          report.stream()
              .filter(ModelDecomposition.Layer::isReplaced)
              .mapToLong(layer -> layer.parametersBefore() - layer.parametersAfter())
              .sum();
      Costs costs = Costs.of(model, IMAGE);
      assertTrue(saved > 0, method.name());
      assertEquals(dense.params() - saved, costs.params(), method.name());
      assertTrue(costs.macs() < dense.macs(), method.name());
      Module loaded = Snapshot.of(model, Map.of()).build();
      assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)), method.name());
    }
  }

  @Test
  void onlyChosenLayersChangeAndChainsThatAreNoSmallerAreLeftOut() {
    Module model = net();
    String chosen =
        model.modules().keySet().stream().filter(path -> path.endsWith("conv2")).findFirst().get();
    List<ModelDecomposition.Layer> report =
        ModelDecomposition.decompose(
            model, new SvdDecomposition(new Rank.Share(0.5)), (path, l) -> path.equals(chosen));
    assertEquals(1, report.size());
    assertEquals(chosen, report.get(0).path());
    assertTrue(model.state().containsKey(chosen + ".expand.weight"));
    Module full = net();
    Spec before = full.spec();
    List<ModelDecomposition.Layer> kept =
        ModelDecomposition.decompose(full, new SvdDecomposition(new Rank.Share(1)));
    assertTrue(kept.stream().noneMatch(ModelDecomposition.Layer::isReplaced));
    assertEquals(before, full.spec());
  }

  @Test
  void namesTheLayerThatARankDoesNotFitAndChangesNothing() {
    Module model = net();
    Spec before = model.spec();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ModelDecomposition.decompose(model, new SvdDecomposition(new Rank.Fixed(17))));
    assertTrue(e.getMessage().contains("at ") && e.getMessage().contains("1..16"), e.getMessage());
    assertEquals(before, model.spec());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ModelDecomposition.decompose(
                model, new SvdDecomposition(new Rank.Fixed(1)), (path, layer) -> false));
    assertFalse(model.state().isEmpty());
  }

  /** Doubles what passes. */
  private static final class Twice implements Parametrization {
    @Override
    public Var apply(Pass pass, Var raw) {
      return Ops.affine(raw, 2, 0);
    }

    @Override
    public Spec spec() {
      return Spec.of("twice");
    }
  }

  @Test
  void aChainTransformsWhatEntersAndLeavesOnceAsTheLayerDid() {
    Conv2d layer = new Conv2d(4, 16, ConvConfig.kernel(3).withoutBias());
    Sequential model = Sequential.of(layer);
    model.initialize(1);
    // Rank one, so that every method reproduces it.
    layer.weight().update(raw -> raw.fill(0.01));
    layer.input().attach(new Twice());
    layer.output().attach(new Twice());
    Tensor x = TestNet.sample(2, 1, 5, 5, 4);
    Tensor y = TestNet.infer(model, x);
    for (LayerDecomposition method : methods().subList(0, 4)) {
      Module chained = Sequential.of(layer);
      List<ModelDecomposition.Layer> report = ModelDecomposition.decompose(chained, method);
      assertTrue(report.get(0).isReplaced());
      Tensor other = TestNet.infer(chained, x);
      for (int i = 0; i < y.count(); i++) {
        assertEquals(y.get(i), other.get(i), 1e-4, method.name());
      }
    }
  }

  @Test
  void aFrozenLayerGivesAFrozenChain() {
    Module model = net();
    model.parameter("conv1.weight").setTrainable(false);
    ModelDecomposition.decompose(model, new SvdDecomposition(new Rank.Share(0.25)));
    assertFalse(model.parameter("conv1.expand.weight").isTrainable());
    assertTrue(model.parameter("layer1.0.branch.conv1.expand.weight").isTrainable());
  }

  @Test
  void fineTuningBringsTheAccuracyBack() {
    TestData data = new TestData(6, 25, 8);
    Module trained = ResNet.cifar(8, 5).initialize(3);
    train(trained, data, 6, 0.05);
    double dense = accuracy(trained, data);
    Module small = Snapshot.of(trained, Map.of()).build();
    ModelDecomposition.decompose(
        small, new TuckerDecomposition(new Rank.Share(0.4)), (path, l) -> !path.equals("conv1"));
    double cut = accuracy(small, data);
    train(small, data, 10, 0.02);
    double tuned = accuracy(small, data);
    assertTrue(dense > 0.9, "dense " + dense);
    assertTrue(tuned > 0.9 && tuned >= cut, "dense " + dense + ", cut " + cut + ", " + tuned);
    assertTrue(Costs.of(small, IMAGE).macs() < 0.5 * Costs.of(trained, IMAGE).macs());
  }

  private static void train(Module model, TestData data, int epochs, double rate) {
    Sgd sgd = Sgd.builder().rate(rate).momentum(0.9).build();
    Trainer.builder(model, new CrossEntropy(), sgd, data)
        .epochs(epochs)
        .schedule(Schedule.cosine(epochs, 0))
        .build()
        .run();
  }

  private static double accuracy(Module model, TestData data) {
    return new Evaluator(new CrossEntropy()).evaluate(model, data).accuracy();
  }
}
