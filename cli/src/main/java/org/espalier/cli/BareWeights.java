package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.SafeTensors;
import org.espalier.io.StateDict;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is a file of weights as PyTorch names them, which does not say of what.
 *
 * @param file the weights (safetensors)
 * @param architecture the name of the model they belong to
 * @param normalize the normalisation they were trained with, as {@link NormalizationOption} reads
 *     it
 */
record BareWeights(Path file, String architecture, String normalize) {
  /**
   * Loads the model.
   *
   * @param samples what the model will see: its shape and classes
   */
  ModelFile load(Dataset samples) throws IOException {
    Shape input = samples.sampleShape();
    Normalization normalization = NormalizationOption.parse(normalize, input.size(-1));
    Module model = Models.byName(architecture, input, samples.classNames().size());
    Map<String, Tensor> tensors = SafeTensors.read(file);
    Map<String, String> names = ResNet.pytorchNames(model);
    try {
      StateDict.load(model, input, tensors, path -> names.getOrDefault(path, path));
    } catch (FormatException e) {
      throw new FormatException(file + ": " + e.getMessage(), e);
    }
    return new ModelFile(model, ModelInput.of(samples, normalization));
  }
}
