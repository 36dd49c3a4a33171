package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.tensor.Shape;

/**
 * Says what a training run starts from: random weights of a named architecture, a trained model, or
 * bare weights of a named architecture.
 *
 * @param model the architecture, null for a trained model, which knows its own
 * @param weights a model file, a run folder or bare weights; null for random ones
 * @param normalize the normalisation of bare weights, null for the others
 */
record StartingPoint(String model, String weights, String normalize) {
  private static final String USUAL_MODEL = "resnet20";

  /** Returns what the options ask for, each null where it was not given. */
  static StartingPoint of(String model, String weights, String normalize) {
    if (weights == null && normalize != null) {
      throw new IllegalArgumentException(
          "--normalize says how bare weights were trained: name them with --weights, or leave it out");
    }
    if (weights != null && (model == null) != (normalize == null)) {
      throw new IllegalArgumentException(
          "--weights takes a model file or a run folder, which know their architecture and normalisation, or with"
              + " both --model and --normalize bare weights; got only "
              + (model == null ? "--normalize" : "--model"));
    }
    return new StartingPoint(
        weights == null && model == null ? USUAL_MODEL : model, weights, normalize);
  }

  /** Tells whether there are weights to start from. */
  boolean isTrained() {
    return weights != null;
  }

  /** Returns the normalisation that belongs to the weights, null where there are none. */
  Normalization normalization(Shape sample) throws IOException {
    if (!isTrained()) {
      return null;
    }
    return model == null
        ? trained().normalization()
        : NormalizationOption.parse(normalize, sample.size(-1));
  }

  /** Returns the model: with its weights, or with random ones of the seed. */
  Module load(Dataset samples, long seed) throws IOException {
    if (!isTrained()) {
      Module fresh = Models.byName(model, samples.sampleShape(), samples.classNames().size());
      return fresh.initialize(seed);
    }
    if (model != null) {
      return new BareWeights(Path.of(weights), model, normalize).load(samples).model();
    }
    ModelFile trained = trained();
    DataOptions.checkFits(samples, trained.input(), trained.classNames());
    if (trained.model().parameters().stream().noneMatch(Parameter::isTrainable)) {
      throw new IllegalArgumentException(
          weights
              + " holds nothing to train, as integer models do: start from the float model it was made from");
    }
    return trained.model();
  }

  private ModelFile trained() throws IOException {
    return ModelFile.load(Path.of(weights));
  }

  /** Returns a word for titles and folders. */
  String title() {
    return model != null
        ? model
        : String.valueOf(Path.of(weights).toAbsolutePath().normalize().getFileName());
  }
}
