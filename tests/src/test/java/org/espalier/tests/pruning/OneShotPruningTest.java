package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.sparse.prune.criterion.filter.FilterPruning;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prunes a trained ResNet-20 once, without training, and counts right answers (our own anchors:
 * soft filter pruning and filter pruning by absolute sums, section 4 each).
 */
class OneShotPruningTest {
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final int BATCH = 100;

  private static Path data(String name) {
    Path path = Path.of(System.getProperty("espalier.data", "")).resolve(name);
    Assumptions.assumeTrue(
        Files.exists(path), () -> "no " + path + "; set -Despalier.data to the data folder");
    return path;
  }

  private static Module resnet20() throws IOException {
    Module model = ResNet.cifar(20, 10);
    Map<String, String> names = ResNet.pytorchNames(model);
    Map<String, Tensor> tensors = SafeTensors.read(data("pretrained-cifar10/resnet20.safetensors"));
    StateDict.load(model, Shape.of(32, 32, 3), tensors, names::get);
    return model;
  }

  /** Takes 30 % of the filters of each block's first convolution, by L2 norm. */
  private static PruningPlan innerFilters(ChannelGraph graph) {
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    Pruner.local(L2Norm.ofFilters(), 0.3)
        .plan(graph)
        .keep()
        .forEach(
            (group, kept) -> {
              if (group.name().endsWith(".conv1.weight")) {
                keep.put(group, kept);
              }
            });
    assertEquals(9, keep.size());
    return new PruningPlan(graph, keep);
  }

  private static Tensor batch(Dataset images, int from) {
    Tensor x = Tensor.zeros(BATCH, 32, 32, 3);
    for (int i = 0; i < BATCH; i++) {
      images.read(from + i, x.f32(), i * IMAGE.count());
    }
    Normalization.IMAGENET.apply(x.f32(), 0, x.count());
    return x;
  }

  private static int right(Module model, Dataset images) {
    int right = 0;
    Workspace workspace = new Workspace();
    for (int from = 0; from < images.size(); from += BATCH) {
      try (Pass pass = Pass.infer(workspace)) {
        Tensor logits = model.apply(pass, pass.input(batch(images, from))).value();
        for (int i = 0; i < BATCH; i++) {
          right += largest(logits, i) == images.label(from + i) ? 1 : 0;
        }
      }
    }
    return right;
  }

  private static int largest(Tensor logits, int row) {
    int best = 0;
    for (int k = 1; k < 10; k++) {
      best = logits.get(row * 10 + k) > logits.get(row * 10 + best) ? k : best;
    }
    return best;
  }

  private static double[] logits(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().toDoubles();
    }
  }

  @Test
  void maskedAndCutResNet20AnswerAsTheSheetSays() throws IOException {
    Dataset images = Cifar.file(data("cifar10/test_half_a.bin.gz"), CifarLabels.CIFAR10);
    Module model = resnet20();
    cutAsMasked(model, images, innerFilters(ChannelGraph.of(model, IMAGE)));
    assertEquals(3436, right(model, images), 5);
  }

  /** Asks for the anchors of filter pruning by absolute sums, section 4. */
  @ParameterizedTest
  @CsvSource({"0.1, 4197", "0.3, 3013"})
  void absoluteSumsAnswerAsTheSheetSays(double ratio, int right) throws IOException {
    Dataset images = Cifar.file(data("cifar10/test_half_a.bin.gz"), CifarLabels.CIFAR10);
    Module model = resnet20();
    PruningPlan plan = FilterPruning.greedy().plan(ChannelGraph.of(model, IMAGE), Ratios.of(ratio));
    assertEquals(9, plan.keep().size());
    cutAsMasked(model, images, plan);
    assertEquals(right, right(model, images), 5);
  }

  /** Silences and then cuts, which must answer alike. */
  private static void cutAsMasked(Module model, Dataset images, PruningPlan plan) {
    plan.cuts().silence();
    Tensor first = batch(images, 0);
    double[] masked = logits(model, first);
    plan.apply();
    double[] cut = logits(model, first);
    double most = 0;
    for (double value : masked) {
      most = Math.max(most, Math.abs(value));
    }
    assertArrayEquals(masked, cut, 1e-5 * (1 + most));
    assertEquals(plan.macs(), ChannelGraph.of(model, IMAGE).macs());
  }
}
