package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Is one step of an {@link IntegerModel}: an operation on codes, its constants, and the numbers of
 * the values it reads.
 *
 * <p>Value 0 is the model's input, value k the output of layer k. Weights and biases count as
 * parameters, tables and scales as buffers.
 */
public final class IntegerLayer extends Module {
  static final String PREFIX = "integer_";
  private static final String INPUTS = "inputs";

  private final String type;
  private final IntegerOp op;
  private final int[] inputs;
  private final List<Parameter> constants = new ArrayList<>();

  /**
   * Creates a layer.
   *
   * @param type what {@link IntegerTypes} calls the op
   * @param inputs numbers of the values it reads
   * @param constants what the op reads behind them, by name
   */
  IntegerLayer(String type, IntegerOp op, int[] inputs, Map<String, Tensor> constants) {
    this.type = type;
    this.op = op;
    this.inputs = inputs.clone();
    constants.forEach((name, value) -> this.constants.add(declare(name, constant(name, value))));
  }

  private static Parameter constant(String name, Tensor value) {
    boolean counts = name.equals(IntegerProduct.WEIGHT) || name.equals(IntegerProduct.BIAS);
    return counts ? Parameter.trainable(name, value) : Parameter.buffer(name, value);
  }

  /** Returns the layer of a spec around constants that are not there yet. */
  static IntegerLayer of(Spec spec, IntegerOp op, Map<String, Tensor> constants) {
    String type = spec.type().substring(PREFIX.length());
    return new IntegerLayer(type, op, spec.integers(INPUTS), new LinkedHashMap<>(constants));
  }

  /** Returns the numbers of the values that this layer reads. */
  public int[] inputs() {
    return inputs.clone();
  }

  /** Returns what this layer's output codes mean, null where the output is in float. */
  public Grid grid() {
    return op.grid();
  }

  /** Returns the operation. */
  IntegerOp op() {
    return op;
  }

  /** Returns the constants in the order in which the op reads them. */
  List<Parameter> constants() {
    return constants;
  }

  /** Runs the layer in its scope. */
  Var run(Pass pass, Var... values) {
    Var[] all = new Var[values.length + constants.size()];
    System.arraycopy(values, 0, all, 0, values.length);
    for (int i = 0; i < constants.size(); i++) {
      all[values.length + i] = pass.value(constants.get(i));
    }
    pass.tape().enter(name());
    try {
      return Tape.run(op, all);
    } finally {
      pass.tape().leave();
    }
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    throw new StateException(name() + ": runs as a part of its integer model only");
  }

  @Override
  protected Spec describe() {
    List<Long> numbers = new ArrayList<>();
    for (int input : inputs) {
      numbers.add((long) input);
    }
    return op.describe(Spec.of(PREFIX + type).with(INPUTS, numbers));
  }
}
