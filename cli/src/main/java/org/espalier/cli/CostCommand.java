package org.espalier.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.espalier.nn.Summary;
import org.espalier.nn.model.Models;
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
  @Parameters(
      paramLabel = "MODEL",
      description = "A model file, a run folder, or a name such as resnet20.")
  private String model;

  @Option(
      names = "--input",
      paramLabel = "HxWxC",
      description = "The input of a named model (default: 32x32x3).")
  private String input;

  @Option(names = "--classes", description = "The classes of a named model (default: 10).")
  private Integer classes;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println(summary());
    out.flush();
    return 0;
  }

  private Summary summary() throws IOException {
    Path file = Path.of(model);
    if (Files.exists(file)) {
      if (classes != null) {
        throw new IllegalArgumentException(
            "--classes is for a named model; " + model + " has classes of its own");
      }
      ModelFile loaded = ModelFile.load(file);
      return Summary.of(loaded.model(), input == null ? loaded.input() : shape(input));
    }
    if (model.contains("/") || model.endsWith(".safetensors")) {
      throw new NoSuchFileException(model);
    }
    Shape sample = shape(input == null ? "32x32x3" : input);
    return Summary.of(Models.byName(model, sample, classes == null ? 10 : classes), sample);
  }

  /** Reads a shape such as {@code 32x32x3}. */
  static Shape shape(String text) {
    if (!text.matches("\\d{1,6}(x\\d{1,6})*")) {
      throw new IllegalArgumentException("a shape looks like 32x32x3, got '" + text + "'");
    }
    return Shape.of(Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray());
  }
}
