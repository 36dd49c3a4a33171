package org.espalier.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.ModelInput;
import org.espalier.nn.Module;
import org.espalier.nn.ResourceReport;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Summary;
import org.espalier.nn.model.Models;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Prints a model's layers with shapes, parameters and multiply-accumulates; nothing is computed for
 * it.
 */
@Command(
    name = "cost",
    description = "Prints a model's layers with output shapes, parameters and MACs for one image.",
    mixinStandardHelpOptions = true)
final class CostCommand implements Callable<Integer> {
  /** What is counted: a model for samples of a shape. */
  private record Subject(Module model, Shape sample) {}

  @Parameters(
      paramLabel = "MODEL",
      description = "A model file, a run folder, or a name such as resnet20.")
  private String model;

  @Option(
      names = "--input",
      paramLabel = "HxWxC",
      description =
          "The input of a named model (default: 32x32x3), or of a file in place of its own.")
  private String input;

  @Option(names = "--classes", description = "The classes of a named model (default: 10).")
  private Integer classes;

  @Option(
      names = "--resources",
      description =
          "Also count non-zeros, stored bits and memory of activations, and measure the latency.")
  private boolean resources;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Subject subject = subject();
    out.println(resources ? measured(subject) : Summary.of(subject.model, subject.sample));
    out.flush();
    return 0;
  }

  private Subject subject() throws IOException {
    Path file = Path.of(model);
    if (Files.exists(file)) {
      if (classes != null) {
        throw new IllegalArgumentException(
            "--classes is for a named model; " + model + " has classes of its own");
      }
      return ofFile(ModelFile.file(file));
    }
    if (model.contains("/") || model.endsWith(".safetensors")) {
      throw new NoSuchFileException(model);
    }
    Shape sample = shape(input == null ? "32x32x3" : input);
    return new Subject(Models.byName(model, sample, classes == null ? 10 : classes), sample);
  }

  /** Takes the input that the file knows, unless another one is wanted or it knows none. */
  private Subject ofFile(Path file) throws IOException {
    Snapshot snapshot = Checkpoint.load(file);
    try {
      Shape sample = input != null ? shape(input) : ModelInput.shape(snapshot.meta());
      return checked(new Subject(snapshot.build(), sample));
    } catch (FormatException e) {
      String wayOut = input == null ? "; say the input with --input 32x32x3" : "";
      throw new FormatException(file + ": " + e.getMessage() + wayOut, e);
    }
  }

  /** Refuses a sample that does not fit the model. */
  private static Subject checked(Subject subject) {
    Summary.of(subject.model, subject.sample);
    return subject;
  }

  private static ResourceReport measured(Subject subject) {
    subject.model.initialize(0);
    double milliseconds = Latency.medians(subject.sample, 1, subject.model)[0];
    return ResourceReport.of(subject.model, subject.sample).measured(Map.of(), milliseconds);
  }

  /** Reads a shape such as {@code 32x32x3}. */
  static Shape shape(String text) {
    if (!text.matches("\\d{1,6}(x\\d{1,6})*")) {
      throw new IllegalArgumentException("a shape looks like 32x32x3, got '" + text + "'");
    }
    return Shape.of(Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray());
  }
}
