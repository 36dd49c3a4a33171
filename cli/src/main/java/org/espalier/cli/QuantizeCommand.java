package org.espalier.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Dataset;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Evaluation;
import org.espalier.sparse.quant.Observer;
import org.espalier.sparse.quant.Observers;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.espalier.sparse.quant.integer.PostTrainingQuantizer;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.RequantizationMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Turns a trained model into one of 8-bit integers and shows what that costs and brings. */
@Command(
    name = "quantize",
    description = "Turns a trained model into 8-bit integers and compares it with the float one.",
    mixinStandardHelpOptions = true)
final class QuantizeCommand implements Callable<Integer> {
  private static final String MODES = "float-scale or fixed-point";

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--observer",
      paramLabel = "NAME",
      description =
          "How ranges of values are found: minmax, moving_average, percentile[:99.99], mse or kl, which leaves zeros out (default: minmax).")
  private String observer = "minmax";

  @Option(
      names = "--batches",
      paramLabel = "N",
      description = "Batches of training samples to read ranges off (default: 32).")
  private int batches = 32;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "How sums become codes: " + MODES + " (integers only) (default: float-scale).")
  private String mode = "float-scale";

  @Option(
      names = "--bias-correction",
      description =
          "Take the mean error of each channel that rounding weights makes off the biases.")
  private boolean biasCorrection;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder (default: runs/DATE-MODEL-int8).")
  private Path out;

  @Mixin private SampleOptions samples = new SampleOptions();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PostTrainingQuantizer quantizer = quantizer();
    model.check("quantize");
    data.check();
    samples.check();
    if (batches < 1) {
      throw new IllegalArgumentException("--batches must be at least 1, got " + batches);
    }
    Path folder = RunFolder.named(out, model.title() + "-int8");
    RunFolder.checkNew(folder, "choose another --out");
    Dataset test = PruningData.test(data, samples);
    ModelFile loaded = model.load(test);
    PruningData parts = PruningData.of(data, samples, test, loaded.normalization(), true);
    return Workers.run(samples.threads(), () -> quantize(quantizer, loaded, parts, folder));
  }

  private PostTrainingQuantizer quantizer() {
    RequantizationMode arithmetic =
        switch (mode.toLowerCase(Locale.ROOT)) {
          case "float-scale" -> RequantizationMode.FLOAT_SCALE;
          case "fixed-point" -> RequantizationMode.FIXED_POINT;
          default ->
              throw new IllegalArgumentException(
                  "--mode must be " + MODES + ", got '" + mode + "'");
        };
    return PostTrainingQuantizer.DEFAULT
        .withObserver(ranges())
        .withMode(arithmetic)
        .withBiasCorrection(biasCorrection);
  }

  private Observer.Factory ranges() {
    String name = observer.toLowerCase(Locale.ROOT);
    boolean divergence = name.equals("kl") || name.equals("entropy");
    // With the zeros that rectifiers leave the histogram is one bin, and thresholds far too low.
    return divergence
        ? Observers.entropy(Observers.DEFAULT_BINS, Observers.DEFAULT_LEVELS, true)
        : Observers.named(observer);
  }

  private int quantize(
      PostTrainingQuantizer quantizer, ModelFile loaded, PruningData parts, Path folder)
      throws IOException {
    IntegerModel integers = quantizer.quantize(loaded.model(), evidence(parts));
    Path file = folder.resolve(ModelFile.FINAL);
    Files.createDirectories(folder);
    Checkpoint.save(file, Snapshot.of(integers, loaded.use().meta()));
    Module again = ModelFile.load(file).model();
    double[] one = Latency.medians(loaded.input(), 1, loaded.model(), again);
    double[] many = Latency.medians(loaded.input(), 64, loaded.model(), again);
    TextTable table = new TextTable("", "accuracy", "loss", "file bytes", "1 image", "64 images");
    row(table, "float", parts.evaluate(loaded.model()), model.bytes(), one[0], many[0]);
    row(table, "int8", parts.evaluate(again), Files.size(file), one[1], many[1]);
    PrintWriter console = spec.commandLine().getOut();
    console.println(table);
    console.println();
    console.println(
        "int8 / float: %s of the bytes, %s and %s of the time for 1 and 64 images; %s test samples"
            .formatted(
                Figures.decimal((double) Files.size(file) / model.bytes(), 3),
                Figures.decimal(one[1] / one[0], 2),
                Figures.decimal(many[1] / many[0], 2),
                Figures.count(parts.test().size())));
    console.println("model   " + file);
    console.flush();
    return 0;
  }

  /** Reads the batches that ranges are read off; a small set may have fewer. */
  private List<Tensor> evidence(PruningData parts) {
    List<Tensor> evidence = new ArrayList<>();
    Iterator<Batch> epoch = parts.evidence().epoch(0, 0);
    while (evidence.size() < batches && epoch.hasNext()) {
      evidence.add(epoch.next().x().copy());
    }
    return evidence;
  }

  private static void row(
      TextTable table, String name, Evaluation evaluation, long bytes, double one, double many) {
    table.row(
        name,
        Figures.percent(evaluation.accuracy()),
        Figures.decimal(evaluation.loss(), 4),
        Figures.count(bytes),
        Figures.milliseconds(one),
        Figures.milliseconds(many));
  }
}
