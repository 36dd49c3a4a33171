package org.espalier.tests.golden;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Runs one case of an op: makes variables of its inputs, then compares the output and the gradients
 * {@code g*} of all of them.
 */
final class LayerRun {
  private final GoldenCase golden;
  private final Tape tape;
  private final DType dtype;
  private final Map<String, Var> vars = new LinkedHashMap<>();
  private final Map<String, UnaryOperator<Tensor>> layouts = new LinkedHashMap<>();

  LayerRun(GoldenCase golden, Tape tape, DType dtype) {
    this.golden = golden;
    this.tape = tape;
    this.dtype = dtype;
  }

  DType dtype() {
    return dtype;
  }

  /** Returns an input in the file's layout; null where the case has none. */
  Var plain(String key) {
    return golden.has(key) ? put(key, golden.tensor(key, dtype), UnaryOperator.identity()) : null;
  }

  /** Returns an input with its channels last; null where the case has none. */
  Var last(String key) {
    return golden.has(key)
        ? put(key, ChannelsLast.of(golden, key, dtype), ChannelsLast::undo)
        : null;
  }

  private Var put(String key, Tensor value, UnaryOperator<Tensor> layout) {
    Var var = tape.input(value, true);
    vars.put(key, var);
    layouts.put(key, layout);
    return var;
  }

  /** Returns an input that gets no gradient; null where the case has none. */
  Var constant(String key) {
    return golden.has(key) ? tape.constant(golden.tensor(key, dtype)) : null;
  }

  /** Returns class numbers. */
  Var classes(String key) {
    return tape.constant(golden.tensor(key, DType.I32));
  }

  /** Names a variable whose gradient the case expects, in the file's layout. */
  void name(String key, Var var) {
    vars.put(key, var);
    layouts.put(key, UnaryOperator.identity());
  }

  /** Compares an output in the file's layout, and all gradients. */
  void check(Var y) {
    check(y, UnaryOperator.identity(), UnaryOperator.identity());
  }

  /** Compares an output with its channels last, and all gradients. */
  void checkLast(Var y) {
    check(y, ChannelsLast::undo, ChannelsLast::of);
  }

  private void check(Var y, UnaryOperator<Tensor> toFile, UnaryOperator<Tensor> fromFile) {
    golden.expect("y", toFile.apply(y.value()));
    if (vars.keySet().stream().noneMatch(key -> golden.expects("g" + key))) {
      return;
    }
    Tensor seed =
        golden.has("gy")
            ? fromFile.apply(golden.tensor("gy", dtype))
            : Tensor.full(dtype, Shape.scalar(), 1);
    Gradients gradients = Walk.run(y, seed, Rule.GRADIENT);
    vars.forEach(
        (key, var) -> {
          if (golden.expects("g" + key)) {
            golden.expect("g" + key, layouts.get(key).apply(gradients.of(var)));
          }
        });
  }
}
