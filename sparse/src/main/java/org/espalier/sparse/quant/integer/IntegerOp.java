package org.espalier.sparse.quant.integer;

import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/** Is what all operations on codes share: they have no gradient, and are saved as options. */
sealed interface IntegerOp extends Op
    permits AverageCodes,
        Dequantize,
        IntegerProduct,
        IntegerSum,
        MapCodes,
        MaxCodes,
        MoveCodes,
        Quantize {
  /** Adds what this op is to a spec that {@link IntegerTypes} reads again. */
  Spec describe(Spec spec);

  /** Returns what output codes mean, null where the output is in float. */
  Grid grid();

  @Override
  default DType dtype(DType... inputs) {
    return DType.I8;
  }

  @Override
  default Keep keep() {
    return Keep.NONE;
  }

  @Override
  default Tensor[] vjp(Call call, Tensor dy) {
    throw new StateException(
        name() + ": integer arithmetic has no gradient; train the float model it was made from");
  }
}
