package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ForkJoinPool;
import org.espalier.io.data.Augmentation;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.HorizontalFlip;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.RandomCrop;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.Vgg;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.lowrank.Coverage;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.sparse.lowrank.EnergyTransfer;
import org.espalier.sparse.lowrank.LowRankForecast;
import org.espalier.sparse.lowrank.LowRankProjection;
import org.espalier.sparse.lowrank.RankPolicy;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Compares ResNet-20 on CIFAR-10 dense, truncated when trained, and trained by low-rank projection
 * without energy transfer, without rectification, and in full (sheet 09). The table is logged and
 * written to {@code target/lrpet.md}.
 *
 * <p>Asked for by the system property {@code espalier.acceptance} = number of seeds; {@code
 * espalier.epochs} (2), {@code espalier.images} (1000) and {@code espalier.ratio} (0.57) change
 * what is trained. The defaults only show that all of it works.
 */
class LrpetOnCifarTest {
  private static final System.Logger LOG = System.getLogger(LrpetOnCifarTest.class.getName());
  private static final int SEEDS = Integer.getInteger("espalier.acceptance", 0);
  private static final int EPOCHS = Integer.getInteger("espalier.epochs", 2);
  private static final int IMAGES = Integer.getInteger("espalier.images", 1000);
  private static final double RATIO =
      Double.parseDouble(System.getProperty("espalier.ratio", "0.57"));
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final int RECALIBRATION_BATCHES = 40;
  private static final int RUNS = 15;

  /** Says how a network is trained. */
  private enum Variant {
    DENSE("dense", null, null, 1),
    TRUNCATED("dense, truncated", null, null, 1),
    WITHOUT_TRANSFER("LRPET without transfer", EnergyTransfer.NONE, Coverage.CONVOLUTIONS, 1),
    WITHOUT_RECTIFICATION(
        "LRPET without rectification",
        EnergyTransfer.UNIFORM,
        Coverage.CONVOLUTIONS.withoutRectification(),
        1),
    FULL("LRPET", EnergyTransfer.UNIFORM, Coverage.CONVOLUTIONS, 1),
    WHOLE_VECTORS("LRPET, ranks in 16s", EnergyTransfer.UNIFORM, Coverage.CONVOLUTIONS, 16);

    private final String title;
    private final EnergyTransfer transfer;
    private final Coverage coverage;
    private final RankPolicy policy;

    Variant(String title, EnergyTransfer transfer, Coverage coverage, int step) {
      this.title = title;
      this.transfer = transfer;
      this.coverage = coverage;
      policy = RankPolicy.ratio(RATIO).inStepsOf(step);
    }
  }

  private static final List<String> ROWS = new ArrayList<>();
  private Dataset training;
  private Dataset test;

  @Test
  void comparesWhatTransferAndRectificationBring() throws IOException {
    Assumptions.assumeTrue(SEEDS > 0, "asked for by -Despalier.acceptance=1");
    Path cifar = Path.of(System.getProperty("espalier.data", "")).resolve("cifar10");
    Assumptions.assumeTrue(
        Files.exists(cifar), () -> "no " + cifar + "; set -Despalier.data to the data folder");
    training = Cifar.training(cifar, CifarLabels.CIFAR10);
    training = training.take(Math.min(IMAGES, training.size()));
    test = Cifar.test(cifar, CifarLabels.CIFAR10);
    test = test.take(Math.min(IMAGES, test.size()));
    add(
        "ResNet-20, p = %s, %d images, %d epochs, %d seeds; times in processor milliseconds, one thread",
        RATIO, training.size(), EPOCHS, SEEDS);
    add(
        "| | as trained | new statistics | split | MACs predicted | counted | difference |"
            + " batch 64 | batch 1 |");
    add("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (int seed = 1; seed <= SEEDS; seed++) {
      Module dense = trained(Variant.DENSE, seed);
      double accuracy = accuracy(dense);
      double[] times = {processorMillis(dense, 64), processorMillis(dense, 1)};
      long macs = Costs.of(dense, IMAGE).macs();
      add(
          "| dense | %.2f %% | | | | %,d | | %.1f | %.2f |",
          100 * accuracy, macs, times[0], times[1]);
      compare(Variant.TRUNCATED, dense, accuracy);
      for (Variant variant :
          List.of(Variant.values())
              .subList(Variant.WITHOUT_TRANSFER.ordinal(), Variant.values().length)) {
        Module model = trained(variant, seed);
        compare(variant, model, accuracy(model));
      }
    }
  }

  @Test
  void aProjectionOfResNet56TakesLittleOfAnEpoch() throws IOException {
    Assumptions.assumeTrue(SEEDS > 0, "asked for by -Despalier.acceptance=1");
    Module model = ResNet.cifar(56, 10).initialize(1);
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RankPolicy.ratio(0.57))
            .coverage(Coverage.CONVOLUTIONS.withoutRectification())
            .build();
    ForkJoinPool alone = new ForkJoinPool(1);
    try {
      double[] times = new double[10];
      for (int i = 0; i < times.length; i++) {
        times[i] =
            alone
                .submit(
                    () -> {
                      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                      assertEquals(55, projection.project(model).size());
                      long end = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                      return (end - start) / 1e6;
                    })
                .join();
      }
      add(
          "One projection of ResNet-56, 55 layers, one thread: first %.0f ms, tenth %.0f ms",
          times[0], times[times.length - 1]);
    } finally {
      alone.shutdown();
    }
  }

  /** Needs no training: what a batch takes does not hang on the weights. */
  @Test
  void splittingChangesWhatABatchTakes() throws IOException {
    Assumptions.assumeTrue(SEEDS > 0, "asked for by -Despalier.acceptance=1");
    Path file = Path.of(System.getProperty("espalier.data", "")).resolve("cifar10");
    Assumptions.assumeTrue(
        Files.exists(file), () -> "no " + file + "; set -Despalier.data to the data folder");
    test = Cifar.test(file, CifarLabels.CIFAR10);
    add("| | MACs | split | batch 64 | split | batch 1 | split |");
    add("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    RankPolicy ratio = RankPolicy.ratio(0.57);
    RankPolicy floors = RankPolicy.ratio(0.999).withFloors(18, 43);
    latencies("ResNet-20, p = 0.57", ResNet.cifar(20, 10), ratio);
    latencies("ResNet-20, p = 0.57 in 16s", ResNet.cifar(20, 10), ratio.inStepsOf(16));
    latencies("ResNet-56, p = 0.57", ResNet.cifar(56, 10), ratio);
    latencies("ResNet-56, p = 0.57 in 16s", ResNet.cifar(56, 10), ratio.inStepsOf(16));
    latencies("VGG-16, ranks 18, then 43", Vgg.cifar(16, 10), floors);
    latencies("VGG-16, the same in 16s", Vgg.cifar(16, 10), floors.inStepsOf(16));
  }

  private void latencies(String title, Module model, RankPolicy policy) throws IOException {
    model.initialize(1);
    double[] dense = {processorMillis(model, 64), processorMillis(model, 1)};
    Decomposition.Report report = Decomposition.of(model, IMAGE, policy);
    long macs = Costs.of(model, IMAGE).macs();
    assertEquals(report.forecast().macs(), macs);
    add(
        "| %s | %,d | %,d | %.1f | %.1f | %.2f | %.2f |",
        title,
        report.forecast().baseMacs(),
        macs,
        dense[0],
        processorMillis(model, 64),
        dense[1],
        processorMillis(model, 1));
  }

  private void add(String format, Object... values) throws IOException {
    String row = values.length == 0 ? format : String.format(Locale.ROOT, format, values);
    ROWS.add(row);
    LOG.log(System.Logger.Level.INFO, row);
    Files.createDirectories(Path.of("target"));
    Files.write(Path.of("target", "lrpet.md"), ROWS);
  }

  private static Loader.Builder loader(Dataset data) {
    return Loader.of(data).normalize(Normalization.CIFAR10);
  }

  private Module trained(Variant variant, long seed) {
    Module model = ResNet.cifar(20, 10).initialize(seed);
    Augmentation augmentation =
        Augmentation.of(new RandomCrop(4, RandomCrop.Border.ZERO), new HorizontalFlip(0.5));
    Loader batches =
        loader(training)
            .batchSize(128)
            .shuffle(Random.of(seed))
            .augment(augmentation, Random.of(seed))
            .build();
    Trainer.Builder trainer =
        Trainer.builder(
                model,
                new CrossEntropy(),
                Sgd.builder().rate(0.1).momentum(0.9).weightDecay(1e-4).build(),
                batches)
            .schedule(schedule())
            .epochs(EPOCHS)
            .seed(seed);
    if (variant.coverage != null) {
      trainer.callback(
          LowRankProjection.builder(IMAGE, variant.policy)
              .coverage(variant.coverage)
              .transfer(variant.transfer)
              .build());
    }
    trainer.build().run();
    return model;
  }

  /** Divides the rate by ten at half and at three quarters of the epochs, as the paper does. */
  private static Schedule schedule() {
    int half = Math.max(1, EPOCHS / 2);
    return Schedule.multiStep(0.1, half, Math.max(half + 1, EPOCHS * 3 / 4));
  }

  private Recalibration recalibration() {
    return Recalibration.fresh(loader(training).batchSize(128).build())
        .withBatches(RECALIBRATION_BATCHES);
  }

  private double accuracy(Module model) {
    return new Evaluator(new CrossEntropy())
        .evaluate(model, loader(test).batchSize(250).build())
        .accuracy();
  }

  /** Splits a network; one that is not of low rank is truncated. */
  private void compare(Variant variant, Module model, double asTrained) throws IOException {
    boolean truncates = variant == Variant.TRUNCATED;
    LowRankForecast forecast =
        LowRankForecast.of(model, IMAGE, Coverage.CONVOLUTIONS, variant.policy);
    if (!truncates) {
      recalibration().apply(model);
    }
    double calibrated = truncates ? asTrained : accuracy(model);
    Tensor before = infer(model, sample(64), new Workspace());
    Decomposition decomposition = Decomposition.at(IMAGE).withRanks(variant.policy);
    if (truncates) {
      decomposition.withRecalibration(recalibration()).apply(model);
    } else {
      decomposition.asStrict().apply(model);
    }
    double difference = difference(before, infer(model, sample(64), new Workspace()));
    long macs = Costs.of(model, IMAGE).macs();
    assertEquals(forecast.macs(), macs);
    assertTrue(truncates || difference <= 1e-4, "outputs differ by " + difference);
    add(
        "| %s | %.2f %% | %s | %.2f %% | %,d | %,d | %.1e | %.1f | %.2f |",
        variant.title,
        100 * asTrained,
        truncates ? "" : String.format(Locale.ROOT, "%.2f %%", 100 * calibrated),
        100 * accuracy(model),
        forecast.macs(),
        macs,
        difference,
        processorMillis(model, 64),
        processorMillis(model, 1));
  }

  private Tensor sample(int batch) {
    return loader(test.take(batch)).batchSize(batch).prefetch(0).build().epoch(0, 0).next().x();
  }

  private static Tensor infer(Module model, Tensor x, Workspace workspace) {
    try (Pass pass = Pass.infer(workspace)) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static double difference(Tensor a, Tensor b) {
    double largest = 0;
    double most = 1;
    for (int i = 0; i < a.count(); i++) {
      largest = Math.max(largest, Math.abs(a.get(i) - b.get(i)));
      most = Math.max(most, Math.abs(a.get(i)));
    }
    return largest / most;
  }

  /** Returns the median of what one thread takes for a batch, in a pool of its own. */
  private double processorMillis(Module model, int batch) {
    Tensor x = sample(batch);
    ForkJoinPool alone = new ForkJoinPool(1);
    try {
      return alone.submit(() -> median(model, x)).join();
    } finally {
      alone.shutdown();
    }
  }

  private static double median(Module model, Tensor x) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Workspace workspace = new Workspace();
    double[] times = new double[RUNS];
    for (int run = -RUNS; run < RUNS; run++) {
      long start = threads.getCurrentThreadCpuTime();
      infer(model, x, workspace);
      if (run >= 0) {
        times[run] = (threads.getCurrentThreadCpuTime() - start) / 1e6;
      }
    }
    Arrays.sort(times);
    return times[RUNS / 2];
  }
}
