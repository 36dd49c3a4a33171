package org.espalier.sparse.decomposition;

import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.tensor.linalg.Svd;

/**
 * Replaces a convolution by a depthwise one with m kernels an input channel and a 1x1 convolution:
 * {@code Ho·Wo·(in·m·kernel + in·m·out)} multiply-accumulates in place of {@code
 * Ho·Wo·in·out·kernel} (resource-efficiency survey, S2).
 *
 * <p>It starts from the trained weight: for every input channel the matrix {@code [out, kernel]} of
 * what it gives to the outputs is cut to its m leading singular terms, {@code √σ·v} the kernels and
 * {@code √σ·u} their columns of the 1x1 weight. That is the nearest separable weight in the
 * Frobenius norm, since the channels do not meet.
 *
 * @param multiplier m, from 1 to the smaller of outputs and kernel positions
 */
public record SeparableDecomposition(int multiplier) implements LayerDecomposition {
  /** Creates the method with one kernel an input channel. */
  public SeparableDecomposition() {
    this(1);
  }

  /** Creates the method. */
  public SeparableDecomposition {
    if (multiplier < 1) {
      throw new IllegalArgumentException(
          "separable: the multiplier must be at least 1, got " + multiplier);
    }
  }

  @Override
  public String name() {
    return "separable";
  }

  /** Takes convolutions that are not grouped and have more than one kernel position. */
  @Override
  public boolean accepts(Module layer) {
    return WeightLayer.hasWindow(layer);
  }

  @Override
  public Chain decompose(Module layer) {
    WeightLayer read = WeightLayer.of(name(), layer);
    int positions = read.height() * read.width();
    int most = Math.min(read.out(), positions);
    if (multiplier > most) {
      throw new IllegalArgumentException(
          "separable: the multiplier must be inside 1..%d for %d outputs and %d kernel positions, got %d"
              .formatted(most, read.out(), positions, multiplier));
    }
    int middle = read.in() * multiplier;
    Matrix kernels = Matrix.zeros(middle, positions);
    Matrix mixing = Matrix.zeros(read.out(), middle);
    Matrix approximation = Matrix.zeros(read.out(), positions * read.in());
    for (int i = 0; i < read.in(); i++) {
      Svd terms = channel(read, i, positions).svd().truncate(multiplier);
      split(terms, i, kernels, mixing);
      Matrix kept = Matrix.of(terms.reconstruct());
      for (int o = 0; o < read.out(); o++) {
        for (int k = 0; k < positions; k++) {
          approximation.values()[(o * positions + k) * read.in() + i] = kept.get(o, k);
        }
      }
    }
    Sequential chain =
        Sequential.builder()
            .add("depthwise", read.windowed(kernels, read.in()))
            .add("pointwise", read.last(mixing))
            .build();
    return new Chain(chain, read.weight().relativeError(approximation));
  }

  private static Matrix channel(WeightLayer read, int input, int positions) {
    Matrix channel = Matrix.zeros(read.out(), positions);
    for (int at = 0; at < channel.values().length; at++) {
      channel.values()[at] = read.weight().values()[at * read.in() + input];
    }
    return channel;
  }

  private void split(Svd terms, int input, Matrix kernels, Matrix mixing) {
    Matrix u = Matrix.of(terms.u());
    Matrix v = Matrix.of(terms.v());
    for (int j = 0; j < multiplier; j++) {
      double root = Math.sqrt(terms.singularValues().get(j));
      int channel = input * multiplier + j;
      for (int k = 0; k < v.rows(); k++) {
        kernels.values()[channel * v.rows() + k] = root * v.get(k, j);
      }
      for (int o = 0; o < u.rows(); o++) {
        mixing.values()[o * mixing.columns() + channel] = root * u.get(o, j);
      }
    }
  }
}
