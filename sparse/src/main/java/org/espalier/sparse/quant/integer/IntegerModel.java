package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Is a network in 8-bit integers (resource-efficient survey, Q9): a list of layers on codes, from
 * values of float to values of float. {@link PostTrainingQuantizer} makes it.
 *
 * <p>A module like any other, so that it is saved, measured and asked as one; but it cannot be
 * trained: a train pass is refused. Codes are signed bytes; unsigned ones are held 128 lower.
 */
public final class IntegerModel extends Module {
  static final String TYPE = "integer_model";

  private final List<IntegerLayer> layers = new ArrayList<>();

  /** Which layer is the last to read each value; values nobody reads are not there. */
  private final int[] lastReader;

  /** Creates the model from layers by name, in the order in which they run. */
  IntegerModel(Map<String, ? extends Module> layers) {
    layers.forEach((name, layer) -> this.layers.add((IntegerLayer) child(name, layer)));
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("integer model: needs at least one layer");
    }
    lastReader = new int[layers.size() + 1];
    for (int i = 0; i < this.layers.size(); i++) {
      for (int value : this.layers.get(i).inputs()) {
        if (value < 0 || value > i) {
          throw new FormatException(
              "integer model: layer %d reads value %d, which is not there yet"
                  .formatted(i + 1, value));
        }
        lastReader[value] = i + 1;
      }
    }
  }

  static IntegerModel of(Map<String, Module> children) {
    for (Map.Entry<String, Module> child : children.entrySet()) {
      if (!(child.getValue() instanceof IntegerLayer)) {
        throw new FormatException("integer model: '" + child.getKey() + "' is no integer layer");
      }
    }
    return new IntegerModel(children);
  }

  /** Returns the layers in the order in which they run. */
  public List<IntegerLayer> layers() {
    return List.copyOf(layers);
  }

  /**
   * Returns the outputs for a batch.
   *
   * @param batch F32, normalised as the float model's input was
   */
  public Tensor predict(Tensor batch) {
    try (Pass pass = Pass.infer(Workspace.heap())) {
      return apply(pass, pass.input(batch)).value().copy();
    }
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (pass.mode() == Mode.TRAIN) {
      throw new StateException(
          "integer model: codes have no gradients; train the float model with fake quantisation"
              + " and quantise it again");
    }
    if (x.dtype() != DType.F32) {
      throw new StateException("integer model: takes F32 values, got " + x.dtype());
    }
    Var[] values = new Var[layers.size() + 1];
    values[0] = x;
    for (int i = 1; i < values.length; i++) {
      IntegerLayer layer = layers.get(i - 1);
      int[] inputs = layer.inputs();
      Var[] read = new Var[inputs.length];
      for (int k = 0; k < inputs.length; k++) {
        read[k] = values[inputs[k]];
      }
      values[i] = layer.run(pass, read);
      for (int input : inputs) {
        if (input > 0 && lastReader[input] == i && values[input] != null) {
          pass.release(values[input]);
          values[input] = null;
        }
      }
    }
    return values[layers.size()];
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
