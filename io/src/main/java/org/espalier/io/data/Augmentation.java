package org.espalier.io.data;

import java.util.List;
import org.espalier.tensor.Random;

/**
 * Changes a training picture without changing its class.
 *
 * <p>An augmentation is a value without state: what it does is a function of the picture and of the
 * random stream it is given. {@link Loader} gives the stream {@code augmentation} at (epoch,
 * sample), so a resumed run sees the same pictures, whatever thread prepares them.
 */
@FunctionalInterface
public interface Augmentation {
  /**
   * Changes one picture.
   *
   * @param sample modified
   * @param random the stream that belongs to this picture, this epoch and this augmentation
   */
  void apply(Sample sample, Random random);

  /** Returns the augmentation that does nothing. */
  static Augmentation none() {
    return of();
  }

  /** Returns the augmentation that applies these in order, each with a random stream of its own. */
  static Augmentation of(Augmentation... steps) {
    List<Augmentation> chain = List.of(steps);
    return (sample, random) -> {
      for (int i = 0; i < chain.size(); i++) {
        chain.get(i).apply(sample, random.at(i));
      }
    };
  }
}
