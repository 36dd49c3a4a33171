package org.espalier.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.Evaluator;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares networks that others trained and published, loaded from their PyTorch tensors, with the
 * outputs and the counts of right answers that PyTorch gives for them.
 */
class PretrainedTest {
  private static final int BATCH = 100;
  private static final Normalization HALF =
      new Normalization(new double[] {0.5, 0.5, 0.5}, new double[] {0.5, 0.5, 0.5});

  private static Path data(String relative) {
    String root = System.getProperty("espalier.data", "../../shared/data");
    Path path = Path.of(root).resolve(relative);
    assumeTrue(
        Files.exists(path), () -> path + " is absent: set -Despalier.data to the data folder");
    return path;
  }

  private static Module network(String name, Dataset samples, Path weights) throws IOException {
    Module model = Models.byName(name, samples.sampleShape(), samples.classNames().size());
    int[] input = samples.sampleShape().sizes();
    Map<String, String> names = ResNet.pytorchNames(model);
    StateDict.load(
        model, Shape.of(input), SafeTensors.read(weights), path -> names.getOrDefault(path, path));
    return model;
  }

  private static Dataset testHalfA() throws IOException {
    return Cifar.file(data("cifar10/test_half_a.bin.gz"), CifarLabels.CIFAR10);
  }

  private static Loader batches(Dataset samples, Normalization normalization) {
    return Loader.of(samples).batchSize(BATCH).prefetch(0).normalize(normalization).build();
  }

  /** Compares the outputs for the first samples with the rows of a tensor, to 1e-3. */
  private static void assertLogits(Tensor expected, Module model, Loader batches) {
    Workspace workspace = new Workspace();
    Iterator<Batch> iterator = batches.epoch(0, 0);
    int at = 0;
    while (iterator.hasNext()) {
      try (Pass pass = Pass.infer(workspace)) {
        double[] actual = model.apply(pass, pass.input(iterator.next().x())).value().toDoubles();
        for (double value : actual) {
          assertEquals(expected.get(at), value, 1e-3, "element " + at);
          at++;
        }
      }
    }
    assertEquals(expected.count(), at);
  }

  @ParameterizedTest
  @CsvSource({"resnet20", "resnet32", "resnet56", "lenet"})
  void cifarLogitsEqualPyTorchs(String name) throws IOException {
    Dataset samples = testHalfA().take(1000);
    Module model = network(name, samples, data("pretrained-cifar10/" + name + ".safetensors"));
    Map<String, Tensor> references =
        SafeTensors.read(
            data("pretrained-cifar10/reference_logits_test_half_a_first_1000.safetensors"));
    Tensor expected = references.get(name);
    assertTrue(expected != null, "the references are " + references.keySet());
    Normalization normalization = name.equals("lenet") ? HALF : Normalization.IMAGENET;
    assertLogits(expected, model, batches(samples, normalization));
  }

  @ParameterizedTest
  @CsvSource({"resnet20, 4578", "lenet, 2918"})
  void asManyAnswersAreRightAsPublished(String name, long expected) throws IOException {
    Dataset samples = testHalfA();
    Module model = network(name, samples, data("pretrained-cifar10/" + name + ".safetensors"));
    Normalization normalization = name.equals("lenet") ? HALF : Normalization.IMAGENET;
    assertRight(expected, model, batches(samples, normalization));
  }

  private static void assertRight(long expected, Module model, Loader batches) {
    Evaluation evaluation = new Evaluator(new CrossEntropy()).evaluate(model, batches);
    long right = Math.round(evaluation.accuracy() * evaluation.samples());
    assertTrue(Math.abs(right - expected) <= 3, "right: " + right + ", published: " + expected);
  }

  /** Columns behind flatten count channels first in the file, last here. */
  @Test
  void mnistLogitsAndAnswersEqualTheReference() throws IOException {
    Dataset samples = Idx.test(data("mnist"));
    Module model = network("mnist_cnn", samples, data("pretrained-mnist/mnist_cnn.safetensors"));
    Map<String, Tensor> references =
        SafeTensors.read(data("pretrained-mnist/reference_logits_t10k.safetensors"));
    assertEquals(1, references.size(), references.keySet().toString());
    assertLogits(
        references.values().iterator().next(), model, batches(samples, Normalization.MNIST));
    assertRight(9915, model, batches(samples, Normalization.MNIST));
  }
}
