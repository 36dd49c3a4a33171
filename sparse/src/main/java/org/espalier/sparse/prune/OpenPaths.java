package org.espalier.sparse.prune;

import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Tells whether any chain of connections leads through a model.
 *
 * <p>Each weight of a copy is made an average of what it reads: positive where there is a
 * connection, summing up to 1 in each row. Values between 0 and 1 then stay there, nothing cancels,
 * activations are open, and the input has a gradient if and only if there is a path. Norms that
 * look at all channels together bring negative values back, so several inputs are tried.
 */
final class OpenPaths {
  private static final int TRIES = 4;

  private OpenPaths() {}

  static boolean exist(Module model, Shape sampleShape) {
    Module copy = Snapshot.of(model, Map.of()).build();
    copy.convert(DType.F64);
    for (Parameter parameter : copy.state().values()) {
      if (parameter.dtype().isFloating() && !parameter.parametrizations().isEmpty()) {
        parameter.fold();
      }
    }
    copy.state().values().stream()
        .filter(parameter -> parameter.dtype().isFloating())
        .forEach(OpenPaths::average);
    for (int attempt = 0; attempt < TRIES; attempt++) {
      if (reachesInput(copy, sampleShape, Random.of(attempt).stream("paths"))) {
        return true;
      }
    }
    return false;
  }

  private static void average(Parameter parameter) {
    String name = parameter.name();
    if (parameter.shape().rank() > 1) {
      parameter.update(OpenPaths::averageRows);
    } else if (parameter.isBuffer()) {
      parameter.update(raw -> raw.fill(name.endsWith("running_var") ? 1 : 0));
    } else {
      // Scales stay open where they are not zero; shifts would only drive values out of range.
      boolean shift = name.endsWith("bias");
      parameter.update(
          raw -> {
            for (int i = 0; i < raw.count(); i++) {
              raw.set(i, shift || raw.get(i) == 0 ? 0 : 1);
            }
          });
    }
  }

  /** Uneven shares, so that the units of a layer differ even where all read the same. */
  private static void averageRows(Tensor weight) {
    Random random = Random.of(0).stream("shares");
    int row = weight.count() / Math.max(1, weight.shape().size(0));
    for (int from = 0; from < weight.count(); from += row) {
      double sum = 0;
      for (int i = from; i < from + row; i++) {
        weight.set(i, weight.get(i) != 0 ? 0.5 + random.uniform(i) : 0);
        sum += weight.get(i);
      }
      for (int i = from; i < from + row && sum > 0; i++) {
        weight.set(i, weight.get(i) / sum);
      }
    }
  }

  private static boolean reachesInput(Module model, Shape sampleShape, Random random) {
    try (Pass pass = Pass.study()) {
      Var x = pass.inputWithGradient(between(0.25, 0.75, ChannelGraph.batch(sampleShape), random));
      Var y = model.apply(pass, x);
      if (!y.needsGradient()) {
        return false;
      }
      Tensor seed = between(0.5, 1, y.shape(), random.stream("seed"));
      Gradients gradients = Walk.run(y, seed, Rule.GRADIENT);
      Tensor arrived = gradients.of(x);
      for (int i = 0; arrived != null && i < arrived.count(); i++) {
        if (arrived.get(i) != 0) {
          return true;
        }
      }
      return false;
    }
  }

  private static Tensor between(double low, double high, Shape shape, Random random) {
    Tensor tensor = Tensor.zeros(DType.F64, shape);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, low + (high - low) * random.uniform(i));
    }
    return tensor;
  }
}
