package org.espalier.sparse.prune.unstructured;

import java.util.List;
import java.util.function.BiFunction;
import org.espalier.sparse.prune.Ranking;
import org.espalier.tensor.Tensor;

/**
 * Says among which connections those of the smallest scores are sought: in each weight, in all of
 * them together, block by block, or in each run of inputs.
 */
@FunctionalInterface
public interface MaskPattern {
  /**
   * Returns masks of ones and zeros.
   *
   * @param scores the scores of each weight, of its shape; not modified
   * @param sparsity the share that goes, in [0, 1)
   */
  List<Tensor> masks(List<Tensor> scores, double sparsity);

  /** Returns the pattern that ranks layer by layer (LOCAL) or all layers together (GLOBAL). */
  static MaskPattern of(Ranking ranking) {
    return switch (ranking) {
      case LOCAL -> each(ConnectionMasks::local);
      case GLOBAL -> ConnectionMasks::global;
      case GREEDY ->
          throw new IllegalArgumentException(
              "magnitude pruning ranks layer by layer (LOCAL) or all together (GLOBAL), got "
                  + ranking);
    };
  }

  /** Returns the pattern of whole blocks of outputs by inputs, ranked layer by layer. */
  static MaskPattern blocks(int height, int width) {
    return each((scores, sparsity) -> ConnectionMasks.blocks(height, width, scores, sparsity));
  }

  /**
   * Returns the pattern that keeps {@code kept} of each run of {@code of} inputs; at sparsities
   * below {@code 1 - kept/of} it keeps {@code of - rint(sparsity · of)}, so that a schedule takes
   * one after the other.
   */
  static MaskPattern ofEach(int kept, int of) {
    return each(
        (scores, sparsity) ->
            ConnectionMasks.ofEach(
                Math.max(kept, of - (int) Math.rint(sparsity * of)), of, scores));
  }

  private static MaskPattern each(BiFunction<Tensor, Double, Tensor> mask) {
    return (scores, sparsity) -> scores.stream().map(one -> mask.apply(one, sparsity)).toList();
  }
}
