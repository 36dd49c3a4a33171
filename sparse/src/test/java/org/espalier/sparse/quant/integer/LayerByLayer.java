package org.espalier.sparse.quant.integer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/**
 * Compares every layer of an integer model with the same layer in float on what its codes mean: by
 * at most one code, and not at all where nothing is rounded.
 */
final class LayerByLayer {
  private LayerByLayer() {}

  /** Runs a batch and returns how many codes were compared and how many differ by one. */
  static long[] compare(IntegerModel model, Tensor batch) {
    Map<String, IntegerLayer> layers = new HashMap<>();
    model.layers().forEach(layer -> layers.put(layer.name(), layer));
    long[] counts = new long[2];
    try (Pass pass = Pass.study()) {
      model.apply(pass, pass.input(batch));
      for (Call call : pass.tape().calls()) {
        Grid[] grids = grids(call);
        IntegerOp op = (IntegerOp) call.op();
        Tensor expected = inFloat(call, op, grids);
        if (op.grid() == null) {
          close(call, expected);
        } else {
          compare(call, op, expected, counts);
        }
      }
    }
    return counts;
  }

  private static void compare(Call call, IntegerOp op, Tensor expected, long[] counts) {
    boolean exact = op instanceof MaxCodes || op instanceof MoveCodes || op instanceof MapCodes;
    for (int i = 0; i < expected.count(); i++) {
      int code = op.grid().code((float) expected.get(i));
      int difference = Math.abs(code - call.out().i8()[i]);
      int index = i;
      assertTrue(
          difference <= (exact ? 0 : 1),
          () -> call + " element " + index + ": code " + call.out().i8()[index] + " for " + code);
      counts[0]++;
      counts[1] += difference;
    }
  }

  private static void close(Call call, Tensor expected) {
    double most = 0;
    for (double value : expected.toDoubles()) {
      most = Math.max(most, Math.abs(value));
    }
    for (int i = 0; i < expected.count(); i++) {
      double difference = Math.abs(expected.get(i) - call.out().get(i));
      assertTrue(difference <= 1e-4 * (1e-3 + most), call + " element " + i);
    }
  }

  /** Returns what the codes of each input mean. */
  private static Grid[] grids(Call call) {
    Grid[] grids = new Grid[call.inputCount()];
    for (int i = 0; i < grids.length; i++) {
      boolean made = call.input(i) != null && call.input(i).call() != null;
      grids[i] = made ? ((IntegerOp) call.input(i).call().op()).grid() : null;
    }
    return grids;
  }

  private static Tensor inFloat(Call call, IntegerOp op, Grid[] grids) {
    if (op instanceof Quantize) {
      return call.in(0);
    }
    if (op instanceof Dequantize) {
      return values(call.in(0), grids[0]);
    }
    Tensor x = values(call.in(0), grids[0]);
    if (op instanceof IntegerProduct product) {
      return run(product.layer(), x, weights(call), biases(call, grids[0]));
    }
    if (op instanceof IntegerSum sum) {
      Var y = Var.constant(values(call.in(1), grids[1]));
      Var first = Var.constant(x);
      return (sum.subtracts() ? Ops.sub(first, y) : Ops.add(first, y)).value();
    }
    if (op instanceof MaxCodes max) {
      return run(max.pool(), x);
    }
    if (op instanceof AverageCodes mean) {
      return run(mean.pool(), x);
    }
    if (op instanceof MoveCodes move) {
      Tensor[] inputs = new Tensor[call.inputCount()];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = grids[i] == null ? call.in(i) : values(call.in(i), grids[i]);
      }
      return run(move.move(), inputs);
    }
    return values(call.out(), op.grid());
  }

  private static Tensor run(Op op, Tensor... inputs) {
    Var[] constants = new Var[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      constants[i] = Var.constant(inputs[i]);
    }
    return Tape.run(op, constants).value();
  }

  private static Tensor values(Tensor codes, Grid grid) {
    Tensor values = Tensor.zeros(DType.F32, codes.shape());
    for (int i = 0; i < values.count(); i++) {
      values.set(i, grid.value(codes.i8()[i]));
    }
    return values;
  }

  private static Tensor weights(Call call) {
    Tensor codes = call.in(1);
    Tensor weights = Tensor.zeros(DType.F32, codes.shape());
    int row = codes.count() / call.in(3).count();
    for (int i = 0; i < weights.count(); i++) {
      weights.set(i, codes.get(i) * call.in(3).get(i / row));
    }
    return weights;
  }

  private static Tensor biases(Call call, Grid input) {
    Tensor biases = Tensor.zeros(DType.F32, call.in(2).shape());
    for (int o = 0; o < biases.count(); o++) {
      biases.set(o, call.in(2).get(o) * input.scale() * call.in(3).get(o));
    }
    return biases;
  }
}
