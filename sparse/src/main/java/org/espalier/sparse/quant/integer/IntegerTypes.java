package org.espalier.sparse.quant.integer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Builds integer models from their specs. */
public final class IntegerTypes implements ModuleTypes {
  private final Map<String, Factory> factories = new LinkedHashMap<>();

  /** Creates the table; called by the service loader. */
  public IntegerTypes() {
    factories.put(IntegerModel.TYPE, (spec, children, shapes) -> IntegerModel.of(children));
    layer(Quantize.TYPE, Quantize::of);
    layer(Dequantize.TYPE, Dequantize::of);
    layer(
        IntegerProduct.TYPE,
        IntegerProduct::of,
        IntegerProduct.WEIGHT,
        IntegerProduct.BIAS,
        IntegerProduct.SCALE);
    layer(IntegerSum.TYPE, IntegerSum::of);
    layer(MapCodes.TYPE, MapCodes::of, MapCodes.TABLE);
    layer(MaxCodes.TYPE, MaxCodes::of);
    layer(AverageCodes.TYPE, AverageCodes::of);
    layer(MoveCodes.TYPE, MoveCodes::of, MoveCodes.INDEX);
  }

  private void layer(String type, Function<Spec, IntegerOp> op, String... constants) {
    factories.put(
        IntegerLayer.PREFIX + type,
        (spec, children, shapes) -> {
          Map<String, Tensor> values = new LinkedHashMap<>();
          for (String name : List.of(constants)) {
            Shape shape = shapes.apply(name);
            // Only a move may go without: most of them read no numbers.
            if (shape != null) {
              values.put(name, Tensor.zeros(dtype(name), shape));
            } else if (!name.equals(MoveCodes.INDEX)) {
              throw new FormatException(
                  "integer model: a layer of type '%s' has no tensor '%s'"
                      .formatted(spec.type(), name));
            }
          }
          return IntegerLayer.of(spec, op.apply(spec), values);
        });
  }

  private static DType dtype(String constant) {
    return switch (constant) {
      case IntegerProduct.BIAS, MoveCodes.INDEX -> DType.I32;
      case IntegerProduct.SCALE -> DType.F32;
      default -> DType.I8;
    };
  }

  @Override
  public Map<String, Factory> modules() {
    return factories;
  }
}
