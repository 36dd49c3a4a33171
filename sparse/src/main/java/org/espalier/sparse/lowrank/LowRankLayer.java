package org.espalier.sparse.lowrank;

import java.util.Arrays;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Svd;

/**
 * Is a layer that takes part: its weight as matrices, and the batch norm that its output goes
 * straight into.
 *
 * @param path the layer's dotted path
 * @param weight the weight
 * @param matrix how the weight is read
 * @param normPath the batch norm's path, null where there is none
 * @param norm the batch norm; null where the output goes elsewhere, too
 * @param isDepthwise whether it is a depthwise convolution, which no two layers make smaller
 * @param output the shape of what the layer returns for one sample, batch axis included
 * @param macs multiply-accumulates of the layer for one sample
 */
public record LowRankLayer(
    String path,
    Parameter weight,
    WeightMatrix matrix,
    String normPath,
    BatchNorm norm,
    boolean isDepthwise,
    Shape output,
    long macs) {
  /** Returns k, the rank that the layer's matrices cannot exceed. */
  public int fullRank() {
    return matrix.fullRank();
  }

  /** Returns the multiply-accumulates of the two layers of a rank (2.7). */
  public long macsAt(int rank) {
    return macs / matrix.size() * matrix.factoredSize(rank);
  }

  /** Tells whether two layers of a rank compute this one with fewer numbers. */
  public boolean splitsAt(int rank) {
    return !isDepthwise && matrix.shrinksAt(rank);
  }

  /** Refuses a rank outside {@code 1..k}. */
  void requireRank(int rank) {
    EnergyTransfer.requireRank(path, rank, fullRank());
  }

  /** Returns the batch norm's factors for one block, null without a norm. */
  Tensor scale(int group) {
    if (norm == null) {
      return null;
    }
    double[] factors = BatchNormRectification.scale(normPath, norm).toDoubles();
    int from = group * matrix.rows();
    double[] part = Arrays.copyOfRange(factors, from, from + matrix.rows());
    return Tensor.of(Shape.of(matrix.rows()), part);
  }

  /** Returns the singular values of what is projected: a block, merged with its batch norm. */
  Tensor singularValues(int group) {
    Tensor block = matrix.block(values(), group);
    EnergyTransfer.requireFinite(path, block);
    Tensor scale = scale(group);
    Tensor merged = scale == null ? block : BatchNormRectification.multiplyRows(scale, block);
    return Svd.singularValuesOf(merged);
  }

  /**
   * Returns the stored weight with zeros in the rows that a mask closes: what is projected. A fake
   * quantisation behind it sees the projected value.
   */
  Tensor values() {
    Tensor raw = weight.raw();
    if (weight.parametrizations().isEmpty()) {
      return raw;
    }
    if (!raw.shape().equals(weight.shape())) {
      return weight.value();
    }
    Tensor effective = weight.value();
    Tensor values = raw.copy();
    int run = values.count() / values.shape().size(0);
    for (int row = 0; row < values.shape().size(0); row++) {
      boolean closed = true;
      for (int i = row * run; closed && i < (row + 1) * run; i++) {
        closed = effective.get(i) == 0;
      }
      for (int i = row * run; closed && i < (row + 1) * run; i++) {
        values.set(i, 0);
      }
    }
    return values;
  }
}
