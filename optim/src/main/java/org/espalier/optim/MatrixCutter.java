package org.espalier.optim;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.nn.Slot;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Cuts the matrices of a weight's inputs along with the weight. Outputs have no place in them,
 * except that a group all of whose outputs go takes its matrices with it.
 *
 * @param weight the weight, which still has its shape of before the cut
 * @param perChannel whether each input channel has a matrix
 * @param reduction what stays of a matrix that loses inputs
 */
record MatrixCutter(Parameter weight, boolean perChannel, CovarianceReduction reduction)
    implements Slot.Cutter {
  @Override
  public Tensor cut(Tensor matrices, int axis, Indices keep) {
    BlockLayout layout = BlockLayout.of(weight, matrices.shape(), perChannel);
    if (axis == 0) {
      return select(matrices, block -> hasOutput(layout, group(layout, block), keep));
    }
    boolean[] stays = keep.mask();
    if (perChannel && axis == weight.shape().rank() - 1) {
      return select(matrices, block -> stays[block % layout.channels()]);
    }
    return reduce(matrices, keptInputs(layout, axis, stays));
  }

  private static int group(BlockLayout layout, int block) {
    return layout.perChannel() ? block / layout.channels() : block;
  }

  private static boolean hasOutput(BlockLayout layout, int group, Indices keep) {
    boolean[] stays = keep.mask();
    return IntStream.range(group * layout.outputs(), (group + 1) * layout.outputs())
        .anyMatch(output -> stays[output]);
  }

  private static Tensor select(Tensor matrices, java.util.function.IntPredicate stays) {
    int[] blocks = IntStream.range(0, matrices.shape().size(0)).filter(stays).toArray();
    if (blocks.length == matrices.shape().size(0)) {
      return matrices;
    }
    Tensor selected = Tensor.zeros(matrices.dtype(), matrices.shape().with(0, blocks.length));
    int size = selected.count() / Math.max(1, blocks.length);
    for (int i = 0; i < blocks.length; i++) {
      System.arraycopy(array(matrices), blocks[i] * size, array(selected), i * size, size);
    }
    return selected;
  }

  private static Object array(Tensor tensor) {
    return tensor.dtype() == DType.F64 ? tensor.f64() : tensor.f32();
  }

  /** Returns which rows of a block stay when indices of an axis of the weight go. */
  private int[] keptInputs(BlockLayout layout, int axis, boolean[] stays) {
    Shape shape = weight.shape();
    int inner = shape.count(axis + 1, shape.rank());
    int step = layout.perChannel() ? layout.channels() : 1;
    int inputs = layout.size() - (layout.bias() ? 1 : 0);
    return IntStream.range(0, layout.size())
        .filter(i -> i == inputs || stays[i * step / inner % shape.size(axis)])
        .toArray();
  }

  private Tensor reduce(Tensor matrices, int... kept) {
    int blocks = matrices.shape().size(0);
    int size = matrices.shape().size(1);
    int[] gone = IntStream.range(0, size).filter(i -> Arrays.binarySearch(kept, i) < 0).toArray();
    Tensor reduced = Tensor.zeros(matrices.dtype(), Shape.of(blocks, kept.length, kept.length));
    int count = kept.length * kept.length;
    for (int block = 0; block < blocks; block++) {
      Tensor part = reduction.reduce(InverseAutocorrelation.matrix(matrices, block), kept, gone);
      for (int i = 0; i < count; i++) {
        reduced.set(block * count + i, part.get(i));
      }
    }
    return reduced;
  }
}
