package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;

/**
 * Gives labelled samples by number: pictures {@code [h, w, c]} or rows of features {@code [f]}.
 *
 * <p>Implementations are immutable; {@link #read} may be called by several threads at once.
 */
public interface Dataset {
  /** Returns the number of samples. */
  int size();

  /** Returns the shape of one sample: {@code [h, w, c]}, or {@code [f]} for features. */
  Shape sampleShape();

  /** Returns the names of the classes; a label is a position in this list. */
  List<String> classNames();

  /** Returns the class of a sample, from 0 to {@code classNames().size() - 1}. */
  int label(int index);

  /**
   * Writes the values of a sample: {@code pixel / 255}, in 0 to 1, for pictures, the plain number
   * for features.
   *
   * @param index the sample's number
   * @param out modified from {@code offset} on, {@code sampleShape().count()} elements
   * @param offset the first element to write
   */
  void read(int index, float[] out, int offset);

  /** Returns the samples with these numbers, in this order; nothing is copied. */
  default Dataset subset(int... indices) {
    return Subset.of(this, indices);
  }

  /** Returns the first {@code count} samples. */
  default Dataset take(int count) {
    if (count < 0 || count > size()) {
      throw new IllegalArgumentException(
          "data set: cannot take " + count + " samples of " + size());
    }
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = i;
    }
    return subset(indices);
  }

  /**
   * Splits the samples in two, each class in the same proportion (within one sample), the samples
   * of a class drawn by the stream {@code split}; both parts keep the order of this data set.
   *
   * @param validationFraction the part that goes to {@link Split#validation}, from 0 to 1
   * @param random the root stream of the run
   */
  default Split split(double validationFraction, Random random) {
    return Split.stratified(this, validationFraction, random.stream("split"));
  }
}
