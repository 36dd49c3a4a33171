package org.espalier.sparse.prune.rls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.Mlp;
import org.espalier.nn.model.Models;
import org.espalier.optim.CovarianceReduction;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.optim.Rls;
import org.espalier.optim.Sgd;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RlsPrunerTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final Shape FEATURES = Shape.of(10);

  @Provide
  Arbitrary<String> smallModels() {
    return Arbitraries.of(
        "mlp-12-8", "resnet8", "resnet8b", "wrn-10-1", "densenet-7-4", "mobilenetv2");
  }

  /** Trains, prunes, trains on: shapes agree everywhere, and P stays definite. */
  @Property(tries = 8)
  void everyModelIsPrunedAndTrainsOn(
      @ForAll("smallModels") String name,
      @ForAll @DoubleRange(min = 0, max = 0.6) double ratio,
      @ForAll CovarianceReduction reduction,
      @ForAll PrunedResidual residual,
      @ForAll boolean compensate) {
    Module model = Models.byName(name, IMAGE, 5).initialize(1);
    Rls rls = Rls.builder().gradientScale(0.01).maxInputSize(150).blockDiagonal().build();
    RlsTraining.train(model, rls, IMAGE, 2);
    RlsPruner.Builder builder =
        RlsPruner.builder(IMAGE).ratio(ratio).reduction(reduction).prunedResidual(residual);
    RlsPruner pruner = (compensate ? builder.compensate() : builder).build();
    for (int event = 0; event < 2; event++) {
      RlsPruningReport report = pruner.prune(model);
      assertEquals(RlsTraining.parameters(model), report.parameters());
      assertTrue(report.parameters() <= report.parametersBefore());
      for (RlsPruningReport.Layer layer : report.layers()) {
        assertTrue(layer.after() < layer.before() && layer.after() >= 1, layer.toString());
      }
      RlsTraining.train(model, rls, IMAGE, 1);
    }
    for (Parameter parameter : model.parameters()) {
      InverseAutocorrelation p = InverseAutocorrelation.of(parameter);
      for (int block = 0; p != null && block < p.blocks(); block++) {
        Cholesky.of(p.matrix(block));
      }
    }
    Tensor x = RlsTraining.batch(7, IMAGE).x();
    Module loaded = RlsTraining.copy(model);
    assertTrue(RlsTraining.infer(model, x).bitEquals(RlsTraining.infer(loaded, x)));
  }

  private static Module chain() {
    return Sequential.builder()
        .add("a", new Linear(10, 8))
        .add("norm", new BatchNorm(8))
        .add("relu", Activation.relu())
        .add("b", new Linear(8, 6))
        .add("relu2", Activation.relu())
        .add("c", new Linear(6, 5))
        .build()
        .initialize(3);
  }

  @ParameterizedTest
  @EnumSource
  void inputsThatNobodyWeighsCanGo(CovarianceReduction reduction) {
    Module model = chain();
    RlsTraining.train(model, RlsTraining.rls(), FEATURES, 5);
    zeroColumns(model.parameter("a.weight"), 0, 4);
    zeroColumns(model.parameter("b.weight"), 7);
    zeroColumns(model.parameter("c.weight"), 2);
    Tensor x = RlsTraining.batch(9, FEATURES).x();
    Tensor before = RlsTraining.infer(model, x);
    RlsPruningReport report =
        RlsPruner.builder(FEATURES)
            .ratio(0.2)
            .reduction(reduction)
            .compensate()
            .build()
            .prune(model);
    assertEquals(
        List.of(
            new RlsPruningReport.Layer("a.weight", 10, 8),
            new RlsPruningReport.Layer("b.weight", 8, 7),
            new RlsPruningReport.Layer("c.weight", 6, 5)),
        report.layers());
    assertArrayEquals(new int[] {1, 2, 3, 5, 6, 7, 8, 9}, InputSelection.of(model).get(0).inputs());
    Tensor after = RlsTraining.infer(model, x);
    for (int i = 0; i < before.count(); i++) {
      assertEquals(before.get(i), after.get(i), 1e-5);
    }
    assertTrue(report.toString().contains("a.weight"));
    assertEquals(Shape.of(7, 8), model.parameter("a.weight").shape());
    assertEquals(Shape.of(7), model.parameter("norm.running_var").shape());
    assertEquals(9, InverseAutocorrelation.of(model.parameter("a.weight")).size());
    assertEquals(8, InverseAutocorrelation.of(model.parameter("b.weight")).size());
    assertEquals(Shape.of(7, 8), model.parameter("a.weight").slot("rls.velocity").shape());
    RlsTraining.train(model, RlsTraining.rls(), FEATURES, 2);
  }

  private static void zeroColumns(Parameter weight, int... columns) {
    int width = weight.shape().size(-1);
    weight.update(
        raw -> {
          for (int column : columns) {
            for (int row = 0; row < raw.count() / width; row++) {
              raw.set(row * width + column, 0);
            }
          }
        });
  }

  @Test
  void aSecondPruningSpeaksOfTheOriginalInputs() {
    Module model = chain();
    RlsTraining.train(model, RlsTraining.rls(), FEATURES, 3);
    RlsPruner pruner = RlsPruner.builder(FEATURES).ratio(0.3).build();
    pruner.prune(model);
    int[] once = InputSelection.of(model).get(0).inputs();
    RlsTraining.train(model, RlsTraining.rls(), FEATURES, 1);
    pruner.prune(model);
    int[] twice = InputSelection.of(model).get(0).inputs();
    assertEquals(7, once.length);
    assertEquals(5, twice.length);
    for (int input : twice) {
      assertTrue(java.util.Arrays.stream(once).anyMatch(known -> known == input));
    }
  }

  @Test
  void equalScoresGoInTheirOrderAndALeastNumberStays() {
    Module model = Mlp.of(6, 4, 2).initialize(1);
    RlsPruner.Builder norm =
        RlsPruner.builder(Shape.of(6)).importance(RlsImportance.WEIGHT_NORM).ratio(0.9);
    model.parameter("fc1.weight").update(raw -> raw.fill(1));
    model.parameter("fc2.weight").update(raw -> raw.fill(1));
    norm.minInputs(3).build().prune(model);
    assertArrayEquals(new int[] {3, 4, 5}, InputSelection.of(model).get(0).inputs());
    assertEquals(Shape.of(2, 3), model.parameter("fc2.weight").shape());
    long before = RlsTraining.parameters(model);
    assertEquals(List.of(), norm.build().prune(model).layers());
    assertEquals(before, RlsTraining.parameters(model));
  }

  @Test
  void anotherOptimizerLeavesNothingToScoreBy() {
    Module model = chain();
    RlsTraining.train(model, Sgd.builder().rate(0.1).build(), FEATURES, 1);
    RlsPruner pruner = RlsPruner.builder(FEATURES).build();
    assertThrows(IllegalStateException.class, () -> pruner.prune(model));
    assertEquals(Shape.of(8, 10), model.parameter("a.weight").shape(), "nothing was cut");
    RlsPruner.builder(FEATURES).importance(RlsImportance.WEIGHT_NORM).build().prune(model);
    assertEquals(Shape.of(7, 8), model.parameter("a.weight").shape());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> RlsPruner.builder(FEATURES).ratio(1));
    assertThrows(IllegalArgumentException.class, () -> RlsPruner.builder(FEATURES).ratio(-0.1));
    assertThrows(IllegalArgumentException.class, () -> RlsPruner.builder(FEATURES).minInputs(0));
  }

  /** Streams keep their width; each reader reads less of them. */
  @Test
  void readersOfAStreamCanGatherTheirOwnChannels() {
    Module model = Models.byName("resnet8", IMAGE, 5).initialize(1);
    RlsTraining.train(model, Rls.builder().gradientScale(0.01).build(), IMAGE, 2);
    RlsPruner pruner =
        RlsPruner.builder(IMAGE).ratio(0.25).prunedResidual(PrunedResidual.GATHER).build();
    Tensor x = RlsTraining.batch(3, IMAGE).x();
    Tensor before = RlsTraining.infer(model, x);
    pruner.prepare(model);
    assertTrue(before.bitEquals(RlsTraining.infer(model, x)), "lists of all inputs change nothing");
    pruner.prune(model);
    assertEquals(16, model.parameter("conv1.weight").shape().size(0), "the stream");
    Parameter reader = model.parameter("layer1.0.branch.conv1.weight");
    assertEquals(12, reader.shape().size(-1));
    assertEquals(12, reader.shape().size(0), "the inner channels");
    assertEquals(9 * 12, InverseAutocorrelation.of(reader).size());
    pruner.prune(model);
    assertEquals(9, reader.shape().size(-1));
    ChannelGraph.of(model, IMAGE);
  }

  @Test
  void theScoresOfAllReadersOfAStreamAddUp() {
    Module model = Models.byName("resnet8", IMAGE, 5).initialize(1);
    RlsTraining.train(model, Rls.builder().gradientScale(0.01).build(), IMAGE, 2);
    var group = ChannelGraph.of(model, IMAGE).groupOf("layer1.0.branch.conv1.weight");
    double[] scores = new RlsCriterion(RlsImportance.CURVATURE_GROUP).score(group);
    assertArrayEquals(
        RlsImportance.CURVATURE_GROUP.ofInputs(model.parameter("layer1.0.branch.conv2.weight")),
        scores,
        1e-12);
  }

  @Test
  void aModelThatAddsItsInputFirstKeepsAllFeatures() {
    Module model =
        Sequential.builder()
            .add("norm", new BatchNorm(10))
            .add("fc", new Linear(10, 5))
            .build()
            .initialize(1);
    RlsTraining.train(model, RlsTraining.rls(), FEATURES, 1);
    RlsPruner.builder(FEATURES).build().prune(model);
    assertEquals(Map.of("norm", true, "fc", true).keySet(), model.children().keySet());
  }

  @Test
  void aLayerThatKeepsAllItsInputsIsNamedOnce() {
    Module model = Mlp.of(4, 3, 2).initialize(1);
    RlsPruner pruner =
        RlsPruner.builder(Shape.of(4)).importance(RlsImportance.WEIGHT_NORM).ratio(0.2).build();
    LogRecords.clear();
    pruner.prune(model);
    pruner.prune(model);
    assertEquals(
        1,
        LogRecords.of(System.Logger.Level.INFO).stream()
            .filter(line -> line.contains("the channels of fc1.weight all stay"))
            .count());
  }
}
