package org.espalier.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.Evaluator;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
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
  @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A model file or a run folder.")
  private Path file;

  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--model", description = "The architecture of bare weights, such as resnet20.")
  private String name;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "Bare weights as PyTorch names them (safetensors).")
  private Path weights;

  @Option(
      names = "--normalize",
      paramLabel = "WORD",
      description = "For bare weights: " + NormalizationOption.FORMS + ".")
  private String normalize;

  @Option(names = "--batch-size", description = "Samples at a time (default: 100).")
  private int batchSize = 100;

  @Option(names = "--threads", description = "Threads (default: all).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    check();
    Dataset test = data.test();
    ModelFile loaded = file != null ? ModelFile.load(file) : bare(test);
    DataOptions.checkFits(test, loaded.input(), loaded.classNames());
    return Workers.run(threads, () -> measure(loaded, test));
  }

  private void check() {
    if ((file == null) == (weights == null)) {
      throw new IllegalArgumentException(
          "eval takes a model file, or --model NAME with --weights FILE");
    }
    if (file != null && (name != null || normalize != null)) {
      throw new IllegalArgumentException(
          "a model file knows its architecture and normalisation: leave out --model and --normalize");
    }
    if (weights != null && name == null) {
      throw new IllegalArgumentException(
          "--weights needs --model, the architecture; there are " + Models.names());
    }
    if (threads < 1 || batchSize < 1) {
      throw new IllegalArgumentException(
          "--threads and --batch-size must be at least 1, got " + threads + " and " + batchSize);
    }
    data.check();
  }

  private ModelFile bare(Dataset test) throws IOException {
    Shape input = test.sampleShape();
    Normalization normalization = NormalizationOption.parse(normalize, input.size(-1));
    Module model = Models.byName(name, input, test.classNames().size());
    Map<String, Tensor> tensors = SafeTensors.read(weights);
    Map<String, String> names = ResNet.pytorchNames(model);
    try {
      StateDict.load(model, input, tensors, path -> names.getOrDefault(path, path));
    } catch (FormatException e) {
      throw new FormatException(weights + ": " + e.getMessage(), e);
    }
    return new ModelFile(model, ModelInput.of(test, normalization));
  }

  private int measure(ModelFile loaded, Dataset test) {
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
    out.flush();
    return 0;
  }

  private Evaluation evaluate(Module model, Loader tests) {
    try {
      return new Evaluator(TrainingSession.CROSS_ENTROPY).evaluate(model, tests);
    } catch (OutOfMemoryError e) {
      throw Failures.outOfMemory(batchSize, e);
    }
  }
}
