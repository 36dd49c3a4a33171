package org.espalier.sparse.prune.rls;

import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.espalier.nn.Parameter;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;

/**
 * Says what an input channel c of a layer is worth, by its weights W and the inverse
 * autocorrelation P of the layer's inputs (recursive least squares, section 2.5, (reconstructed)):
 * {@code P⁻¹} approximates the Hessian of each output's squared error. An input of a linear layer
 * is a channel of one row, that of a convolution has one row a kernel position; the bias is none.
 */
public enum RlsImportance {
  /** {@code Σ_j ‖W[j,:]‖² / (2 P[j,j])} over the rows j of the channel. */
  CURVATURE_DIAGONAL {
    @Override
    ToDoubleFunction<double[]> of(Tensor p, int[] rows) {
      double[] diagonal =
          IntStream.of(rows).mapToDouble(row -> p.get(row * p.shape().size(1) + row)).toArray();
      return w -> {
        double sum = 0;
        for (int t = 0; t < w.length; t++) {
          sum += w[t] * w[t] / (2 * diagonal[t]);
        }
        return sum;
      };
    }
  },
  /**
   * {@code tr(W_cᵀ P_cc⁻¹ W_c)/2}: by how much the quadratic objective rises when the channel goes
   * and all other weights adapt (optimal brain surgeon); exact for one channel alone.
   */
  CURVATURE_GROUP {
    @Override
    ToDoubleFunction<double[]> of(Tensor p, int[] rows) {
      Cholesky factor = Cholesky.of(block(p, rows));
      return w -> {
        Tensor solved = factor.solve(Tensor.of(Shape.of(w.length), w.clone()));
        double sum = 0;
        for (int t = 0; t < w.length; t++) {
          sum += w[t] * solved.get(t) / 2;
        }
        return sum;
      };
    }
  },
  /** {@code Σ |W_c| / Σ |P[rows of c, all columns]|}, for comparison. */
  WEIGHT_OVER_P {
    @Override
    ToDoubleFunction<double[]> of(Tensor p, int[] rows) {
      int size = p.shape().size(1);
      double sum = 0;
      for (int row : rows) {
        for (int j = 0; j < size; j++) {
          sum += Math.abs(p.get(row * size + j));
        }
      }
      double denominator = sum;
      return w -> DoubleStream.of(w).map(Math::abs).sum() / denominator;
    }
  },
  /** {@code ‖W_c‖²}, the control: it needs no P, so any optimizer may have trained. */
  WEIGHT_NORM {
    @Override
    boolean needsMatrices() {
      return false;
    }

    @Override
    ToDoubleFunction<double[]> of(Tensor p, int[] rows) {
      return w -> DoubleStream.of(w).map(weight -> weight * weight).sum();
    }
  };

  /**
   * Returns what maps the weights of one output on a channel, one a kernel position, to what they
   * add to the channel's score. All that depends on P alone is done here, once for all outputs.
   *
   * @param p the matrix that the channel is in, null where none is needed
   * @param rows the channel's rows of p
   */
  abstract ToDoubleFunction<double[]> of(Tensor p, int[] rows);

  /** Tells whether scores need P. */
  boolean needsMatrices() {
    return true;
  }

  private static Tensor block(Tensor p, int... rows) {
    Tensor block = Tensor.zeros(DType.F64, Shape.of(rows.length, rows.length));
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows.length; j++) {
        block.set(i * rows.length + j, p.get(rows[i] * p.shape().size(1) + rows[j]));
      }
    }
    return block;
  }

  /**
   * Returns one score for each index of a weight's last axis, its input channels; where a
   * convolution has groups, the sum over the groups.
   *
   * @throws IllegalStateException if the weight has no P, which another optimizer than RLS does not
   *     make
   */
  public double[] ofInputs(Parameter weight) {
    return ofInputs(weight, weight.value());
  }

  /** Returns the scores that a weight would have with other numbers. */
  double[] ofInputs(Parameter weight, Tensor value) {
    double[][] parts = parts(weight, value);
    double[] scores = new double[weight.shape().size(-1)];
    for (double[] output : parts) {
      for (int channel = 0; channel < scores.length; channel++) {
        scores[channel] += output[channel];
      }
    }
    return scores;
  }

  /**
   * Returns, for each output of a depthwise convolution, its part of the score of its one input
   * channel.
   *
   * @throws IllegalStateException if the weight has no P
   */
  public double[] ofDepthwise(Parameter weight) {
    return ofDepthwise(weight, weight.value());
  }

  /** Returns the parts that a depthwise weight would have with other numbers. */
  double[] ofDepthwise(Parameter weight, Tensor value) {
    double[][] parts = parts(weight, value);
    return IntStream.range(0, parts.length).mapToDouble(output -> parts[output][0]).toArray();
  }

  /** Returns the parts {@code [output][channel of its group]}. */
  private double[][] parts(Parameter weight, Tensor value) {
    InverseAutocorrelation known = InverseAutocorrelation.of(weight);
    if (known == null && needsMatrices()) {
      throw new IllegalStateException(
          "%s: scores of %s need P, which only the optimizer Rls keeps; train with it, or use RlsImportance.WEIGHT_NORM or a norm criterion"
              .formatted(weight.name(), this));
    }
    Shape shape = weight.shape();
    int channels = shape.size(-1);
    int blocks = known == null ? 1 : known.blocks();
    boolean single = known != null && known.isPerChannel();
    int outputs = shape.size(0) / (single ? blocks / channels : blocks);
    double[][] parts = new double[shape.size(0)][channels];
    for (int block = 0; block < blocks; block++) {
      Tensor p = known == null ? null : known.matrix(block);
      int group = single ? block / channels : block;
      for (int channel = 0; channel < channels; channel++) {
        if (!single || channel == block % channels) {
          ToDoubleFunction<double[]> part = of(p, rows(shape, channel, single));
          for (int o = group * outputs; o < (group + 1) * outputs; o++) {
            parts[o][channel] = part.applyAsDouble(weights(value, o, channel));
          }
        }
      }
    }
    return parts;
  }

  private static int[] rows(Shape shape, int channel, boolean single) {
    return IntStream.range(0, shape.count(1, shape.rank() - 1))
        .map(tap -> single ? tap : tap * shape.size(-1) + channel)
        .toArray();
  }

  private static double[] weights(Tensor weight, int output, int channel) {
    Shape shape = weight.shape();
    int taps = shape.count(1, shape.rank() - 1);
    return IntStream.range(0, taps)
        .mapToDouble(tap -> weight.get((output * taps + tap) * shape.size(-1) + channel))
        .toArray();
  }
}
