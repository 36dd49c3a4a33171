package org.espalier.tests;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.train.Evaluator;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.espalier.sparse.quant.integer.PostTrainingQuantizer;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares integer models of published networks with the float ones: half a point of accuracy, a
 * quarter of the file. The system property {@code espalier.acceptance} = 1 asks for all 5,000 test
 * images and for all networks, else a tenth of the images and ResNet-20.
 */
class IntegerPretrainedTest {
  private static final boolean WHOLE = Integer.getInteger("espalier.acceptance", 0) > 0;
  private static final int IMAGES = WHOLE ? 5_000 : 500;

  /** Of a tenth of the images, one right answer more or less is a fifth of a point. */
  private static final double ALLOWED = WHOLE ? 0.005 : 0.01;

  private static final Normalization HALF =
      new Normalization(new double[] {0.5, 0.5, 0.5}, new double[] {0.5, 0.5, 0.5});

  @TempDir private Path folder;

  private static Path data(String relative) {
    String root = System.getProperty("espalier.data", "../../shared/data");
    Path path = Path.of(root).resolve(relative);
    assumeTrue(
        Files.exists(path), () -> path + " is absent: set -Despalier.data to the data folder");
    return path;
  }

  private static Module network(String name, Dataset samples) throws IOException {
    Path weights = data("pretrained-cifar10/" + name + ".safetensors");
    Module model = Models.byName(name, samples.sampleShape(), samples.classNames().size());
    Map<String, String> names = ResNet.pytorchNames(model);
    StateDict.load(
        model,
        samples.sampleShape(),
        SafeTensors.read(weights),
        path -> names.getOrDefault(path, path));
    return model;
  }

  private static Loader batches(Dataset samples, int size, Normalization normalization) {
    return Loader.of(samples).batchSize(size).prefetch(0).normalize(normalization).build();
  }

  /** Training images, 256 of them; those that the float network learned from. */
  private static List<Tensor> calibration(Normalization normalization) throws IOException {
    Dataset training =
        Cifar.file(data("cifar10/mini_train_1000.bin.gz"), CifarLabels.CIFAR10).take(256);
    List<Tensor> evidence = new ArrayList<>();
    Iterator<Batch> epoch = batches(training, 32, normalization).epoch(0, 0);
    while (epoch.hasNext()) {
      evidence.add(epoch.next().x().copy());
    }
    return evidence;
  }

  @ParameterizedTest
  @CsvSource({
    "resnet20, FLOAT_SCALE",
    "resnet20, FIXED_POINT",
    "resnet32, FLOAT_SCALE",
    "resnet56, FLOAT_SCALE",
    "lenet, FLOAT_SCALE"
  })
  void integersLoseAtMostHalfAPoint(String name, RequantizationMode mode) throws IOException {
    boolean quick = name.equals("resnet20") && mode == RequantizationMode.FLOAT_SCALE;
    assumeTrue(WHOLE || quick, name + " in " + mode + " is asked with -Despalier.acceptance=1");
    Dataset test = Cifar.file(data("cifar10/test_half_a.bin.gz"), CifarLabels.CIFAR10).take(IMAGES);
    Normalization normalization = name.equals("lenet") ? HALF : Normalization.IMAGENET;
    Module model = network(name, test);
    IntegerModel integers =
        PostTrainingQuantizer.DEFAULT.withMode(mode).quantize(model, calibration(normalization));
    double expected = accuracy(model, batches(test, 100, normalization));
    double actual = accuracy(integers, batches(test, 100, normalization));
    assertTrue(actual >= expected - ALLOWED, name + ": " + actual + " of " + expected);
    long floats = bytes("float", model);
    long codes = bytes("int8", integers);
    assertTrue(codes < 0.33 * floats, codes + " bytes of " + floats);
  }

  private static double accuracy(Module model, Loader batches) {
    return new Evaluator(new CrossEntropy()).evaluate(model, batches).accuracy();
  }

  private long bytes(String name, Module model) throws IOException {
    Path file = folder.resolve(name + ".safetensors");
    Checkpoint.save(file, Snapshot.of(model, Map.of()));
    return Files.size(file);
  }
}
