package org.espalier.autograd;

/**
 * Counts the work of a call or a model (structured-pruning reference, section 4).
 *
 * @param macs multiply-accumulates of linear maps with a weight
 * @param elementwise operations of everything else, one an output element unless an op says
 *     otherwise
 */
public record Cost(long macs, long elementwise) {
  /** No work. */
  public static final Cost NONE = new Cost(0, 0);

  /**
   * Reads the cost off an op's axes: the product of all letters where a weight is summed over, else
   * one an output.
   */
  public static Cost of(Op op, Axes axes) {
    if (op.role() == Role.LINEAR && axes.hasWeight()) {
      return new Cost(axes.letterProduct(), 0);
    }
    return new Cost(0, axes.output().count());
  }

  /** Returns the sum of two costs. */
  public Cost plus(Cost other) {
    return new Cost(macs + other.macs, elementwise + other.elementwise);
  }
}
