package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.espalier.io.data.Dataset;
import org.espalier.nn.model.Models;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The options that name a trained model, shared by the commands that take one: a file of ours, or
 * bare PyTorch weights for a named architecture.
 */
final class ModelOptions {
  @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A model file or a run folder.")
  private Path file;

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

  /** Refuses options that name no model, or say twice what it is. */
  void check(String command) {
    if ((file == null) == (weights == null)) {
      throw new IllegalArgumentException(
          command + " takes a model file, or --model NAME with --weights FILE");
    }
    if (file != null && (name != null || normalize != null)) {
      throw new IllegalArgumentException(
          "a model file knows its architecture and normalisation: leave out --model and --normalize");
    }
    if (weights != null && name == null) {
      throw new IllegalArgumentException(
          "--weights needs --model, the architecture; there are " + Models.names());
    }
  }

  /**
   * Loads the model; refused where it does not fit the samples.
   *
   * @param samples what the model will see; bare weights take shape and classes from there
   */
  ModelFile load(Dataset samples) throws IOException {
    ModelFile loaded =
        file != null
            ? ModelFile.load(file)
            : new BareWeights(weights, name, normalize).load(samples);
    DataOptions.checkFits(samples, loaded.input(), loaded.classNames());
    return loaded;
  }

  /** Returns the file that holds the weights. */
  Path path() {
    return file != null ? ModelFile.file(file) : weights;
  }

  /** Returns the size of that file. */
  long bytes() throws IOException {
    return Files.size(path());
  }

  /** Returns the model as the user named it. */
  String named() {
    return name != null ? name : String.valueOf(file);
  }

  /** Returns a word for titles and folders: the architecture where it was said, else the file. */
  String title() {
    return name != null ? name : String.valueOf(file.toAbsolutePath().normalize().getFileName());
  }
}
