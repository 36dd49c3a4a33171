package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Is a model with what its users must know.
 *
 * @param model the model, ready to infer
 * @param use what goes in, and what the outputs are called
 */
record ModelFile(Module model, ModelInput use) {
  /** The name of the finished model in a run folder. */
  static final String FINAL = "model.safetensors";

  /** Returns the file of a model; a run folder stands for the model in it. */
  static Path file(Path place) {
    return Files.isDirectory(place) ? place.resolve(FINAL) : place;
  }

  /** Loads a checkpoint, or that of a run folder. */
  static ModelFile load(Path place) throws IOException {
    Path file = file(place);
    Snapshot snapshot = Checkpoint.load(file);
    try {
      ModelFile loaded = of(snapshot);
      loaded.use.check(loaded.model);
      return loaded;
    } catch (IllegalArgumentException e) {
      throw new FormatException(file + ": " + e.getMessage(), e);
    }
  }

  /** Builds the model of a snapshot and reads its record. */
  static ModelFile of(Snapshot snapshot) {
    return new ModelFile(snapshot.build(), ModelInput.of(snapshot.meta()));
  }

  /** Returns the shape of one sample. */
  Shape input() {
    return use.shape();
  }

  /** Returns what samples go through first. */
  Normalization normalization() {
    return use.normalization();
  }

  /** Returns the names of the outputs. */
  List<String> classNames() {
    return use.classNames();
  }
}
