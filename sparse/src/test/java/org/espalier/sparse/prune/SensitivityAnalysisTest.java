package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class SensitivityAnalysisTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final Pruner PRUNER =
      Pruner.local(L1Norm.ofFilters(), 0).withRounding(Rounding.KEEP_FLOOR).innerOnly();

  private final Module model = TestModels.lively(Models.byName("resnet8", IMAGE, 5), 1);
  private final ChannelGraph graph = ChannelGraph.of(model, IMAGE);
  private final Tensor x = TestNet.sample(1, 3, 8, 8, 3);

  private double measure(Module some) {
    double sum = 0;
    for (double value : TestNet.infer(some, x).toDoubles()) {
      sum += Math.abs(value);
    }
    return sum;
  }

  @Test
  void eachLayerIsPrunedAloneAndAtRatioZeroNothingChanges() {
    List<Sensitivity.Row> seen = new ArrayList<>();
    Sensitivity found =
        new SensitivityAnalysis(PRUNER, List.of(0.0, 0.5, 0.99))
            .run(graph, this::measure, seen::add);
    assertEquals(found.rows(), seen);
    assertEquals(measure(model), found.baseline());
    assertEquals(3, found.layers().size());
    assertEquals(9, found.rows().size());
    for (String layer : found.layers()) {
      List<Sensitivity.Row> rows =
          found.rows().stream().filter(row -> row.layer().equals(layer)).toList();
      int channels = graph.groupOf(layer).size();
      assertEquals(found.baseline(), rows.get(0).accuracy());
      assertEquals(List.of(channels, channels / 2, 1), rows.stream().map(r -> r.kept()).toList());
      ChannelGraph copy =
          ChannelGraph.of(graph.trial(new ChannelSelection(graph, List.of())), IMAGE);
      Pruner.local(L1Norm.ofFilters(), Ratios.of(0).with(0.5, layer)).plan(copy).apply();
      assertEquals(measure(copy.model()), rows.get(1).accuracy());
    }
    assertEquals(16, graph.groupOf(found.layers().get(0)).size());
  }

  @Test
  void groupsThatTheCriterionSaysNothingAboutAreLeftOut() {
    ChannelGroup first = graph.prunable().stream().filter(g -> !g.isStream()).toList().get(0);
    Criterion one =
        new Criterion() {
          @Override
          public double[] score(ChannelGroup group) {
            return L1Norm.ofFilters().score(group);
          }

          @Override
          public boolean covers(ChannelGroup group) {
            return group.equals(first);
          }
        };
    Sensitivity found =
        new SensitivityAnalysis(PRUNER.withCriterion(one), List.of(0.5)).run(graph, this::measure);
    assertEquals(List.of(first.name()), found.layers());
  }

  @Test
  void curvesFallFromOne() {
    Sensitivity found = SensitivityAnalysis.of(PRUNER).run(graph, some -> 0.5);
    assertEquals(List.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), found.ratios());
    double[] curve = found.curves().get(found.layers().get(0));
    double[] sums = L1Norm.ofFilters().score(graph.groupOf(found.layers().get(0)));
    double[] sorted = sums.clone();
    java.util.Arrays.sort(sorted);
    assertEquals(1, curve[0]);
    assertEquals(sorted[0] / sorted[15], curve[15], 1e-12);
    assertArrayEquals(
        curve, java.util.Arrays.stream(curve).map(v -> -v).sorted().map(v -> -v).toArray());
  }

  @Test
  void ratiosWithinALossStopAtTheFirstThatCostsMore() {
    Sensitivity table =
        new Sensitivity(
            0.9,
            List.of(
                new Sensitivity.Row("layer1.0.branch.conv1.weight", 0.1, 16, 14, 0.9),
                new Sensitivity.Row("layer1.0.branch.conv1.weight", 0.3, 16, 11, 0.7),
                new Sensitivity.Row("layer1.0.branch.conv1.weight", 0.5, 16, 8, 0.9),
                new Sensitivity.Row("layer2.0.branch.conv1.weight", 0.1, 32, 28, 0.88),
                new Sensitivity.Row("layer3.0.branch.conv1.weight", 0.1, 64, 57, 0.2)),
            java.util.Map.of());
    Ratios ratios = table.ratiosWithin(0.05);
    assertEquals(0.1, ratios.of(graph.groupOf("layer1.0.branch.conv1.weight")));
    assertEquals(0.1, ratios.of(graph.groupOf("layer2.0.branch.conv1.weight")));
    assertEquals(0, ratios.of(graph.groupOf("layer3.0.branch.conv1.weight")));
    String text = table.toString();
    assertTrue(text.contains("layer1.0.branch.conv1.weight  0.9000  0.7000  0.9000"), text);
    assertTrue(text.endsWith("whole model 0.9000"), text);
  }

  @Test
  void senselessRequestsAreRefused() {
    assertRefused("ascending", () -> new SensitivityAnalysis(PRUNER, List.of()));
    assertRefused("ascending", () -> new SensitivityAnalysis(PRUNER, List.of(0.5, 0.1)));
    assertRefused("[0, 1)", () -> new SensitivityAnalysis(PRUNER, List.of(0.5, 1.0)));
    assertRefused(
        "no validation data", () -> SensitivityAnalysis.of(PRUNER).run(graph, some -> Double.NaN));
  }
}
