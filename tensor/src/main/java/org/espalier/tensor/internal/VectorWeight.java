package org.espalier.tensor.internal;

import java.util.function.Consumer;
import org.espalier.tensor.Prepacked;
import org.espalier.tensor.Tensor;

/**
 * Is the right matrix of products before it is packed into panels: packed for one call, or once for
 * all calls where the tensor is frozen.
 *
 * @param values the numbers
 * @param kept the packed copies of a frozen tensor, or null
 */
record VectorWeight(float[] values, Prepacked kept) {
  /** Returns the weight that a tensor holds. */
  static VectorWeight of(Tensor tensor) {
    return new VectorWeight(tensor.f32(), tensor.prepacked());
  }

  /** Returns a weight that is packed anew by each call. */
  static VectorWeight changing(float[] values) {
    return new VectorWeight(values, null);
  }

  /** Returns the weight that {@code made} is: made of this one, with copies of its own. */
  VectorWeight derived(Object how, Packed made) {
    return new VectorWeight(made.panels(), kept == null ? null : kept.derived(how));
  }

  /** Tells whether packing costs nothing but the first time. */
  boolean isFrozen() {
    return kept != null;
  }

  /**
   * Returns the packed weight, to be released by the caller.
   *
   * @param layout names the order of the panels, if the weight is frozen
   * @param size floats of all panels
   * @param packer fills an array with the panels
   */
  Packed packed(Object layout, long size, Consumer<float[]> packer) {
    if (!isFrozen()) {
      float[] panels = Scratch.take(size);
      packer.accept(panels);
      return new Packed(panels, true);
    }
    float[] panels =
        kept.get(
            layout,
            () -> {
              float[] made = new float[Math.toIntExact(size)];
              packer.accept(made);
              return made;
            });
    return new Packed(panels, false);
  }

  /**
   * Is a packed weight.
   *
   * @param panels the panels
   * @param borrowed whether the array is scratch
   */
  record Packed(float[] panels, boolean borrowed) {
    /** Gives the array back where it is scratch. */
    void release() {
      if (borrowed) {
        Scratch.give(panels);
      }
    }
  }
}
