package org.espalier.autograd;

/**
 * Receives the index ties of a call: index {@code i} of one axis must be cut together with index
 * {@code j} of another. Tensors of a call are numbered: inputs from 0, the output is {@link
 * #OUTPUT}.
 */
public interface Coupling {
  /** The number of a call's output. */
  int OUTPUT = -1;

  /** Ties index i of an axis of one tensor to index j of an axis of another (or the same). */
  void tie(int tensor, int axis, int i, int otherTensor, int otherAxis, int j);

  /** Forbids cutting index i of an axis of a tensor; the reason is shown to the user. */
  void pin(int tensor, int axis, int i, String reason);

  /** Ties equal indices of two axes. */
  default void tieAll(int tensor, int axis, int otherTensor, int otherAxis, int count) {
    for (int i = 0; i < count; i++) {
      tie(tensor, axis, i, otherTensor, otherAxis, i);
    }
  }
}
