package org.espalier.nn;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Cost;
import org.espalier.autograd.op.BatchNorm;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.Scale;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Counts what one sample costs (structured-pruning reference, section 4): multiply-accumulates
 * without biases, norms, activations and pooling, and trainable numbers without running statistics.
 * "FLOPs" in many papers are these MACs; twice the MACs is what others call so.
 *
 * @param macs multiply-accumulates of all linear maps with a weight
 * @param convMacs those of convolutions
 * @param linearMacs those of linear layers
 * @param elementwise operations of everything else, one an output element unless an op says
 *     otherwise
 * @param params all trainable numbers, frozen ones included
 * @param convWeightParams weights of convolutions
 * @param linearWeightParams weights of linear layers
 * @param bnParams gamma and beta of batch norms
 * @param biasParams biases of convolutions and linear layers
 * @param convBiasAdds output elements of convolutions with a bias
 * @param linearBiasAdds output elements of linear layers with a bias
 * @param bnElements output elements of batch norms
 * @param bnBuffers running means and variances of batch norms
 * @param convs number of convolutions run
 * @param nonZeroParams numbers other than zero among the effective values of all parameters; one
 *     without values yet counts in full
 */
public record Costs(
    long macs,
    long convMacs,
    long linearMacs,
    long elementwise,
    long params,
    long convWeightParams,
    long linearWeightParams,
    long bnParams,
    long biasParams,
    long convBiasAdds,
    long linearBiasAdds,
    long bnElements,
    long bnBuffers,
    long convs,
    long nonZeroParams) {
  private static final String BATCH_NORM = "batch_norm";

  /**
   * Counts a model by one shape pass; nothing is computed or initialised.
   *
   * @param sample sizes of one sample without the batch axis, such as {@code [32, 32, 3]}
   */
  public static Costs of(Module model, Shape sample) {
    Counter counter = new Counter(new ShapeTrace(model, sample));
    counter.trace.calls().forEach(counter::count);
    model.modules().values().forEach(counter::count);
    return counter.costs(model);
  }

  /** Returns the share of this model's MACs that another one saves, {@code 1 - other/this}. */
  public double macsSavedBy(Costs other) {
    return 1 - other.macs / (double) macs;
  }

  /** Returns the share of this model's parameters that another one saves. */
  public double paramsSavedBy(Costs other) {
    return 1 - other.params / (double) params;
  }

  /** Returns how many trainable numbers a parameter stores, those of its parametrizations added. */
  static long stored(Parameter parameter) {
    long count = parameter.isInitialized() ? parameter.raw().count() : parameter.shape().count();
    for (Parametrization parametrization : parameter.parametrizations()) {
      for (Parameter inner : parametrization.parameters().values()) {
        count += inner.isBuffer() ? 0 : stored(inner);
      }
    }
    return count;
  }

  /** Returns the numbers other than zero of an effective value; all of one that has none yet. */
  static long nonZero(Parameter parameter) {
    if (!parameter.isComplete()) {
      return stored(parameter);
    }
    long count = 0;
    Tensor value = parameter.value();
    for (int i = 0; i < value.count(); i++) {
      count += value.get(i) != 0 ? 1 : 0;
    }
    return count;
  }

  /** Adds up calls and modules. */
  private static final class Counter {
    private final ShapeTrace trace;
    private final Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private Cost cost = Cost.NONE;
    private long convMacs;
    private long linearMacs;
    private long convWeightParams;
    private long linearWeightParams;
    private long bnParams;
    private long biasParams;
    private long convBiasAdds;
    private long linearBiasAdds;
    private long bnElements;
    private long bnBuffers;
    private long convs;

    Counter(ShapeTrace trace) {
      this.trace = trace;
    }

    void count(Call call) {
      Cost own = call.op().cost(call.axes());
      cost = cost.plus(own);
      if (call.op() instanceof Convolution) {
        convs++;
        convMacs += own.macs();
        convWeightParams += once(call, 1);
        biasParams += once(call, 2);
        convBiasAdds += biasAdds(call);
      } else if (call.op() instanceof Linear) {
        linearMacs += own.macs();
        linearWeightParams += once(call, 1);
        biasParams += once(call, 2);
        linearBiasAdds += biasAdds(call);
      } else if (normalizes(call)) {
        bnElements += call.output().shape().count();
      }
    }

    /** Frozen batch norm is a scale call in the scope of its layer. */
    private boolean normalizes(Call call) {
      return call.op() instanceof BatchNorm
          || call.op() instanceof Scale && isBatchNorm(trace.module(call));
    }

    private static boolean isBatchNorm(Module module) {
      return module != null && module.describe().type().equals(BATCH_NORM);
    }

    private long once(Call call, int input) {
      Parameter parameter = trace.parameter(call, input);
      return parameter == null || !seen.add(parameter) ? 0 : stored(parameter);
    }

    private static long biasAdds(Call call) {
      return call.input(2) == null ? 0 : call.output().shape().count();
    }

    void count(Module module) {
      if (isBatchNorm(module)) {
        for (Parameter parameter : module.ownParameters().values()) {
          if (!parameter.isBuffer()) {
            bnParams += stored(parameter);
          } else if (parameter.dtype().isFloating()) {
            bnBuffers += parameter.shape().count();
          }
        }
      }
    }

    Costs costs(Module model) {
      long params = 0;
      long nonZero = 0;
      Set<Parameter> all = Collections.newSetFromMap(new IdentityHashMap<>());
      model.modules().values().forEach(module -> all.addAll(module.ownParameters().values()));
      for (Parameter parameter : all) {
        if (!parameter.isBuffer()) {
          params += stored(parameter);
          nonZero += nonZero(parameter);
        }
      }
      return new Costs(
          cost.macs(),
          convMacs,
          linearMacs,
          cost.elementwise(),
          params,
          convWeightParams,
          linearWeightParams,
          bnParams,
          biasParams,
          convBiasAdds,
          linearBiasAdds,
          bnElements,
          bnBuffers,
          convs,
          nonZero);
    }
  }
}
