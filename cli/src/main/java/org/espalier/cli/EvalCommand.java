package org.espalier.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.Evaluator;
import org.espalier.tensor.DType;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.SparseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Measures a model on test samples: a file of ours, or bare PyTorch weights for a named
 * architecture.
 */
@Command(
    name = "eval",
    description = "Measures a model on test samples: accuracy, loss, cost and latency.",
    mixinStandardHelpOptions = true)
final class EvalCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--batch-size", description = "Samples at a time (default: 100).")
  private int batchSize = 100;

  @Option(names = "--threads", description = "Threads (default: all).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--sparse",
      paramLabel = "WORD",
      description =
          "Leave out zeros of weights: auto (the default: where it takes less time), always or"
              + " never; given, it reports on each layer.")
  private String sparse;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    check();
    Dataset test = data.test();
    ModelFile loaded = model.load(test);
    Kernels kernels = KernelLookup.of(DType.F32).withSparse(mode());
    return Workers.run(
        threads,
        () -> {
          // Set in the worker: the choice of kernels belongs to a thread.
          KernelLookup.using(kernels, () -> measure(loaded, test));
          return 0;
        });
  }

  private SparseMode mode() {
    if (sparse == null) {
      return SparseMode.AUTO;
    }
    for (SparseMode mode : SparseMode.values()) {
      if (word(mode).equals(sparse)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "--sparse takes auto, always or never, got '" + sparse + "'");
  }

  /** Returns the word that asks for a mode. */
  static String word(SparseMode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }

  private void check() {
    model.check("eval");
    if (threads < 1 || batchSize < 1) {
      throw new IllegalArgumentException(
          "--threads and --batch-size must be at least 1, got " + threads + " and " + batchSize);
    }
    mode();
    data.check();
  }

  private void measure(ModelFile loaded, Dataset test) {
    PrintWriter out = spec.commandLine().getOut();
    if (data.isSplitForTest()) {
      out.println(
          "samples     %s: the fifth of %s that './espalier train' keeps for testing; --test %s measures all"
              .formatted(Figures.count(test.size()), data.data, data.data));
    }
    Loader tests = Loader.of(test).batchSize(batchSize).normalize(loaded.normalization()).build();
    Evaluation evaluation = evaluate(loaded.model(), tests);
    Costs costs = Costs.of(loaded.model(), loaded.input());
    long right = Math.round(evaluation.accuracy() * evaluation.samples());
    out.println(
        "right       %s of %s (%s)"
            .formatted(
                Figures.count(right),
                Figures.count(evaluation.samples()),
                Figures.percent(evaluation.accuracy())));
    out.println("top %d       %s".formatted(evaluation.k(), Figures.percent(evaluation.topK())));
    out.println("loss        " + Figures.decimal(evaluation.loss(), 4));
    out.println("parameters  " + Figures.count(costs.params()));
    out.println("MACs        " + Figures.count(costs.macs()));
    out.println(
        "1 image     "
            + Figures.milliseconds(Latency.medians(loaded.input(), 1, loaded.model())[0]));
    out.println(
        "64 images   "
            + Figures.milliseconds(Latency.medians(loaded.input(), 64, loaded.model())[0]));
    if (mode() != SparseMode.NEVER) {
      SparseReport report = new SparseReport(loaded.model(), loaded.input(), mode());
      if (sparse == null) {
        report.summary(out);
      } else {
        report.write(out);
      }
    }
    out.flush();
  }

  private Evaluation evaluate(Module model, Loader tests) {
    try {
      return new Evaluator(TrainingSession.CROSS_ENTROPY).evaluate(model, tests);
    } catch (OutOfMemoryError e) {
      throw Failures.outOfMemory(batchSize, e);
    }
  }
}
