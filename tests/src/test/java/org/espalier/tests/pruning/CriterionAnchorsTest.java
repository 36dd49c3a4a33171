package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Mlp;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportance;
import org.espalier.sparse.prune.criterion.batchnorm.Statistic;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRankImportance;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRanks;
import org.espalier.sparse.prune.criterion.nisp.FinalResponseLayer;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection;
import org.espalier.sparse.prune.criterion.nisp.NeuronImportance;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares criteria with what the sheets measured on trained networks: a published ResNet-20 pruned
 * once without training, and perceptrons on MNIST. The system property {@code espalier.acceptance}
 * asks for all figures.
 */
class CriterionAnchorsTest {
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final boolean WHOLE = Integer.getInteger("espalier.acceptance", 0) > 0;

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
    StateDict.load(model, IMAGE, tensors, names::get);
    return model;
  }

  private static Loader batches(Dataset images) {
    return Loader.of(images).batchSize(50).normalize(Normalization.IMAGENET).prefetch(0).build();
  }

  private static Dataset training() throws IOException {
    return Cifar.file(data("cifar10/mini_train_1000.bin.gz"), CifarLabels.CIFAR10);
  }

  private static long right(Module model) throws IOException {
    Dataset images = Cifar.file(data("cifar10/test_half_a.bin.gz"), CifarLabels.CIFAR10);
    Evaluation found = new Evaluator(new CrossEntropy()).evaluate(model, batches(images));
    return Math.round(found.accuracy() * found.samples());
  }

  /** Cuts a share of the first convolution's filters in each of the nine blocks. */
  private static long rightWithout(double share, Criterion criterion) throws IOException {
    Module model = resnet20();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    PruningPlan plan =
        Pruner.local(criterion, share)
            .only(group -> group.name().endsWith(".conv1.weight"))
            .plan(graph);
    assertEquals(9, plan.keep().size());
    plan.apply();
    return right(model);
  }

  @Test
  void batchNormsKeepMoreThanTheirGammasAlone() throws IOException {
    BatchNormImportance mean = BatchNormImportance.of();
    BatchNormImportance gamma = mean.withStatistic(Statistic.ABS_GAMMA);
    assertEquals(2932, rightWithout(0.3, mean), 5);
    assertEquals(1755, rightWithout(0.3, gamma), 5);
    Assumptions.assumeTrue(WHOLE, "shares of 0.2 are counted with -Despalier.acceptance=1");
    assertEquals(3750, rightWithout(0.2, mean), 5);
    assertEquals(3243, rightWithout(0.2, gamma), 5);
  }

  @Test
  void expectedActivationsFollowTheMeasuredOnes() throws IOException {
    Module model = resnet20();
    Map<String, String> activations = new LinkedHashMap<>(Map.of("bn1", "relu"));
    for (String path : model.modules().keySet()) {
      if (path.endsWith(".bn1")) {
        activations.put(path, path.replace(".bn1", ".relu1"));
      }
    }
    assertEquals(10, activations.size());
    Map<String, double[]> scores = BatchNormImportance.of().byNorm(model, IMAGE);
    Map<String, double[]> measured = new LinkedHashMap<>();
    Iterator<Batch> images = batches(training()).epoch(0, 0);
    for (int k = 0; k < 10; k++) {
      Recording recording = Recording.ofNumbers(model, images.next().x());
      activations.forEach(
          (norm, activation) ->
              recording.calls().stream()
                  .filter(call -> call.scope().equals(activation))
                  .forEach(call -> add(call.out(), norm, measured)));
    }
    double sum = 0;
    for (String norm : activations.keySet()) {
      double agreement = spearman(scores.get(norm), measured.get(norm));
      assertTrue(agreement >= 0.6, norm + " " + agreement);
      sum += agreement;
    }
    assertTrue(sum / 10 >= 0.8, "mean " + sum / 10);
  }

  private static void add(Tensor maps, String norm, Map<String, double[]> sums) {
    int channels = maps.shape().size(-1);
    double[] sum = sums.computeIfAbsent(norm, key -> new double[channels]);
    float[] values = maps.f32();
    for (int e = 0; e < values.length; e++) {
      sum[e % channels] += values[e];
    }
  }

  private static double spearman(double[] a, double[] b) {
    double[] first = ranks(a);
    double[] second = ranks(b);
    double mean = (a.length + 1) / 2.0;
    double both = 0;
    double squares = 0;
    double others = 0;
    for (int i = 0; i < a.length; i++) {
      both += (first[i] - mean) * (second[i] - mean);
      squares += (first[i] - mean) * (first[i] - mean);
      others += (second[i] - mean) * (second[i] - mean);
    }
    return both / Math.sqrt(squares * others);
  }

  /** Returns ranks from 1, equal values at the mean of theirs. */
  private static double[] ranks(double... values) {
    return Arrays.stream(values)
        .map(
            v ->
                Arrays.stream(values).filter(other -> other < v).count()
                    + (Arrays.stream(values).filter(other -> other == v).count() + 1) / 2.0)
        .toArray();
  }

  /** Gives some of the batches of others. */
  private record Part(Batches all, int from, int count) implements Batches {
    @Override
    public int samples() {
      return count * all.samples() / all.count();
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      return all.epoch(epoch, from + firstStep);
    }
  }

  @Test
  void ranksOfMapsHardlyHangOnTheImagesAndComeBackFromAFile(@TempDir Path folder)
      throws IOException {
    Module model = resnet20();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Loader images = batches(training());
    FeatureMapRanks first = FeatureMapRanks.collect(graph, new Part(images, 0, 5), 250);
    FeatureMapRanks second = FeatureMapRanks.collect(graph, new Part(images, 5, 5), 250);
    assertEquals(19, first.paths().size());
    Map<String, double[]> both = new LinkedHashMap<>();
    for (String path : first.paths()) {
      double[] a = first.of(path);
      double[] b = second.of(path);
      double agreement = spearman(a, b);
      boolean beforeAdd = path.endsWith("conv1.weight");
      assertTrue(agreement >= (beforeAdd ? 0.95 : 0.6), path + " " + agreement);
      both.put(path, IntStream.range(0, a.length).mapToDouble(c -> (a[c] + b[c]) / 2).toArray());
    }
    FeatureMapRanks all = new FeatureMapRanks(500, both);
    Path file = folder.resolve("ranks.safetensors");
    SafeTensors.write(file, Map.of(), all.toTensors());
    FeatureMapRanks back = FeatureMapRanks.of(SafeTensors.read(file));
    assertEquals(all, back);
    assertEquals(2935, rightWithout(0.3, FeatureMapRankImportance.of(back)), 5);
  }

  /** Gives means of 4x4 blocks of the first digits, {@code [n, 49]}. */
  private record Digits(Dataset digits, int size, int seed) implements Batches {
    @Override
    public int count() {
      return digits.size() / size;
    }

    @Override
    public int samples() {
      return count() * size;
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      int[] order =
          seed < 0
              ? IntStream.range(0, digits.size()).toArray()
              : Random.of(seed).at(epoch).permutation(digits.size());
      return IntStream.range(firstStep, count()).mapToObj(k -> batch(order, k)).iterator();
    }

    private Batch batch(int[] order, int number) {
      Tensor x = Tensor.zeros(size, 49);
      int[] classes = new int[size];
      float[] picture = new float[784];
      for (int i = 0; i < size; i++) {
        int digit = order[number * size + i];
        digits.read(digit, picture, 0);
        classes[i] = digits.label(digit);
        for (int p = 0; p < 784; p++) {
          int block = p / 28 / 4 * 7 + p % 28 / 4;
          x.f32()[i * 49 + block] += picture[p] / 16;
        }
      }
      return new Batch(x, Tensor.indices(classes));
    }
  }

  /** The sheet's design target: better than magnitude in four of five seeds, than random in all. */
  @Test
  void propagatedImportanceKeepsTheResponsesOfPerceptrons() throws IOException {
    Dataset training = Idx.training(data("mnist")).take(2000);
    Dataset test = Idx.test(data("mnist")).take(1000);
    Digits ranked = new Digits(training.take(1000), 100, -1);
    int beatsMagnitude = 0;
    int beatsRandom = 0;
    for (int seed = 0; seed < 5; seed++) {
      Module model = Mlp.of(49, 128, 128, 64, 10).initialize(seed);
      Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).build();
      Trainer.builder(model, new CrossEntropy(), sgd, new Digits(training, 50, seed))
          .epochs(20)
          .build()
          .run();
      Shape input = Shape.of(49);
      double[] response =
          InfiniteFeatureSelection.DEFAULT.score(
              FinalResponseLayer.of(model, input).features(ranked, 1000), null);
      Ratios ratios = Ratios.of(0.5).with(0, "fc3");
      Criterion nisp = NeuronImportance.ofScores(response).withRatios(ratios);
      double ours = error(model, response, nisp, ratios, test);
      double magnitude = error(model, response, L1Norm.ofFilters(), ratios, test);
      double random = error(model, response, new RandomScore(seed), ratios, test);
      beatsMagnitude += ours <= magnitude ? 1 : 0;
      beatsRandom += ours < random ? 1 : 0;
    }
    assertTrue(beatsMagnitude >= 4, "better than magnitude: " + beatsMagnitude + " of 5");
    assertEquals(5, beatsRandom);
  }

  /** Silences what a criterion would cut, reads the responses, and puts the model back. */
  private static double error(
      Module model, double[] response, Criterion criterion, Ratios ratios, Dataset test) {
    Shape input = Shape.of(49);
    Digits digits = new Digits(test, 100, -1);
    FinalResponseLayer layer = FinalResponseLayer.of(model, input);
    Tensor whole = layer.features(digits, test.size());
    Map<String, Tensor> before = new LinkedHashMap<>();
    model.state().forEach((path, parameter) -> before.put(path, parameter.raw().copy()));
    Pruner.local(criterion, ratios).plan(ChannelGraph.of(model, input)).cuts().silence();
    Tensor pruned = layer.features(digits, test.size());
    before.forEach((path, raw) -> model.parameter(path).restore(raw));
    return FinalResponseLayer.weightedError(response, whole, pruned);
  }
}
