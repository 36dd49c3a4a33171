package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.Slot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.mask.LearnedMask;
import org.espalier.sparse.mask.StraightThrough;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.DeadUnits;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Removes the dead units of masked linear layers. */
final class GoldenSclExtraction {
  private static final String ROW = "row";

  private GoldenSclExtraction() {}

  static void check(GoldenCase golden) {
    int count = golden.integer("layers");
    if (golden.has("activation") && !golden.text("activation").startsWith("relu")) {
      throw new AssertionError(golden + ": no activation " + golden.text("activation"));
    }
    Sequential.Builder layers = Sequential.builder();
    long active = 0;
    for (int i = 1; i <= count; i++) {
      Linear layer = layer(golden, i);
      active += LearnedMask.on(layer.weight()).active();
      layers.add("l" + i, layer);
      if (i < count) {
        layers.add("relu" + i, Activation.relu());
      }
    }
    Module model = layers.build();
    Tensor x = golden.tensor("x", DType.F32);
    golden.expect("y", GoldenStructuredPruningTest.infer(model, x));
    golden.expect("active_connections", active);
    CompactReport report = DeadUnits.remove(model, Shape.of(x.shape().size(1)));
    golden.expect("y", GoldenStructuredPruningTest.infer(model, x));
    List<Object> kept = new ArrayList<>();
    long before = 0;
    long after = 0;
    kept.add(all(x.shape().size(1)));
    for (int i = 1; i <= count; i++) {
      Parameter weight = model.parameter("l" + i + ".weight");
      Parameter bias = model.parameter("l" + i + ".bias");
      golden.expect("compact_w" + i, weight.value());
      golden.expect("compact_b" + i, bias.value());
      kept.add(rows(bias));
      before +=
          golden.tensor("w" + i, DType.F32).count() + golden.tensor("b" + i, DType.F32).count();
      after += weight.shape().count() + bias.shape().count();
    }
    golden.expect("kept_units", kept);
    golden.expect("dense_parameter_count", before);
    golden.expect("compact_dense_parameter_count", after);
    if (report.parametersBefore() - report.parametersAfter() < before - after) {
      throw new AssertionError(golden + ": the report says " + report);
    }
  }

  private static Linear layer(GoldenCase golden, int i) {
    Tensor weight = golden.tensor("w" + i, DType.F32);
    Linear layer = new Linear(weight.shape().size(1), weight.shape().size(0));
    layer.initialize(1);
    layer.weight().set(weight);
    layer.bias().set(golden.tensor("b" + i, DType.F32));
    layer
        .weight()
        .attach(new LearnedMask(golden.tensor("m" + i, DType.F32), StraightThrough.IDENTITY));
    // A slot of the bias's shape is cut with it: it then says which rows were kept.
    Tensor rows = Tensor.zeros(DType.F32, layer.bias().shape());
    for (int row = 0; row < rows.count(); row++) {
      rows.set(row, row);
    }
    layer.bias().slots().put(ROW, new Slot(rows));
    return layer;
  }

  private static List<Integer> rows(Parameter bias) {
    List<Integer> rows = new ArrayList<>();
    for (double row : bias.slots().get(ROW).tensor().toDoubles()) {
      rows.add((int) row);
    }
    return rows;
  }

  private static List<Integer> all(int count) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(i);
    }
    return all;
  }
}
