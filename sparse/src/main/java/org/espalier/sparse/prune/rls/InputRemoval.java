package org.espalier.sparse.prune.rls;

import java.util.stream.IntStream;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;

/**
 * Knows what it costs a layer to lose inputs, and how the weights of the others make up for them
 * (recursive least squares, sections 2.5 and 2.6; our extension).
 */
public final class InputRemoval {
  private final Parameter weight;
  private final InverseAutocorrelation matrices;
  private final int taps;
  private final int channels;
  private final int[] gone;
  private final int[] kept;

  private InputRemoval(Parameter weight, Indices keep) {
    this.weight = weight;
    matrices = InverseAutocorrelation.of(weight);
    if (matrices == null) {
      throw new IllegalStateException(
          weight.name() + ": has no P, which only the optimizer Rls keeps; train with it");
    }
    Shape shape = weight.shape();
    taps = shape.count(1, shape.rank() - 1);
    channels = shape.size(-1);
    boolean[] stays = keep.mask();
    gone = IntStream.range(0, taps * channels).filter(i -> !stays[i % channels]).toArray();
    kept =
        IntStream.range(0, matrices.size())
            .filter(i -> i >= taps * channels || stays[i % channels])
            .toArray();
  }

  /**
   * Returns {@code tr(W_Rᵀ P_RR⁻¹ W_R)/2}: by how much the quadratic objective rises when input
   * channels R go together and all other weights adapt.
   *
   * @param keep the input channels that stay, of the weight's last axis
   */
  public static double objectiveIncrease(Parameter weight, Indices keep) {
    InputRemoval removal = new InputRemoval(weight, keep);
    if (removal.matrices.isPerChannel()) {
      double[] alone = RlsImportance.CURVATURE_GROUP.ofInputs(weight);
      return IntStream.of(keep.complement().toArray()).mapToDouble(channel -> alone[channel]).sum();
    }
    double sum = 0;
    for (int group = 0; group < removal.matrices.blocks(); group++) {
      Tensor leaving = removal.leaving(group);
      Tensor solved = removal.solved(group, leaving);
      for (int i = 0; i < leaving.count(); i++) {
        sum += leaving.get(i) * solved.get(i) / 2;
      }
    }
    return sum;
  }

  /**
   * Changes the weights that stay as least squares would: {@code W_K = W_K - P_KR P_RR⁻¹ W_R}, the
   * bias among them. Where each channel has a matrix of its own nothing changes: such matrices know
   * nothing of other channels.
   *
   * @param bias the layer's bias, null if it has none
   * @param keep the input channels that stay; they are not cut here
   */
  public static void compensate(Parameter weight, Parameter bias, Indices keep) {
    InputRemoval removal = new InputRemoval(weight, keep);
    if (removal.matrices.isPerChannel() || keep.isAll()) {
      return;
    }
    Tensor weights = weight.value().copy();
    Tensor biases = bias == null ? null : bias.value().copy();
    for (int group = 0; group < removal.matrices.blocks(); group++) {
      removal.compensate(group, weights, biases);
    }
    weight.set(weights);
    if (bias != null) {
      bias.set(biases);
    }
  }

  private int outputs() {
    return weight.shape().size(0) / matrices.blocks();
  }

  /** Returns {@code W_R} of a group, {@code [r, outputs]}, in double. */
  private Tensor leaving(int group) {
    int outputs = outputs();
    Tensor value = weight.value();
    Tensor leaving = Tensor.zeros(DType.F64, Shape.of(gone.length, outputs));
    for (int r = 0; r < gone.length; r++) {
      for (int o = 0; o < outputs; o++) {
        leaving.set(r * outputs + o, value.get((group * outputs + o) * taps * channels + gone[r]));
      }
    }
    return leaving;
  }

  private Tensor solved(int group, Tensor leaving) {
    if (gone.length == 0) {
      return leaving;
    }
    Tensor p = matrices.matrix(group);
    Tensor inner = Tensor.zeros(DType.F64, Shape.of(gone.length, gone.length));
    for (int i = 0; i < gone.length; i++) {
      for (int j = 0; j < gone.length; j++) {
        inner.set(i * gone.length + j, p.get(gone[i] * matrices.size() + gone[j]));
      }
    }
    return Cholesky.of(inner).solve(leaving);
  }

  private void compensate(int group, Tensor weights, Tensor biases) {
    int outputs = outputs();
    Tensor p = matrices.matrix(group);
    Tensor solved = solved(group, leaving(group));
    for (int k : kept) {
      for (int o = 0; o < outputs; o++) {
        double sum = 0;
        for (int r = 0; r < gone.length; r++) {
          sum += p.get(k * matrices.size() + gone[r]) * solved.get(r * outputs + o);
        }
        int output = group * outputs + o;
        if (k < taps * channels) {
          int at = output * taps * channels + k;
          weights.set(at, weights.get(at) - sum);
        } else if (biases != null) {
          biases.set(output, biases.get(output) - sum);
        }
      }
    }
  }
}
