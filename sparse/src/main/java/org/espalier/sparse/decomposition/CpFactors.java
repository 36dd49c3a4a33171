package org.espalier.sparse.decomposition;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;
import org.espalier.tensor.linalg.NotPositiveDefiniteException;
import org.espalier.tensor.linalg.Svd;

/**
 * Holds the CP form of a convolution's weight, a sum of R products of four vectors, {@code W[o, h,
 * w, i] ≈ Σ_r A[o, r]·B[i, r]·C[h, r]·D[w, r]}, and improves it by alternating least squares in
 * float64 (resource-efficiency survey, S4). Sweeps modify it.
 */
public final class CpFactors {
  private static final int OUT = 0;
  private static final int HEIGHT = 1;
  private static final int WIDTH = 2;
  private static final int IN = 3;
  private static final int MODES = 4;
  private static final int[] ORDER = {OUT, IN, HEIGHT, WIDTH};
  private static final String[] NAMES = {"out", "height", "width", "in"};

  private final int[] sizes;
  private final int rank;

  /** The weight with one kernel position of one output a row, and turned over. */
  private final Matrix positions;

  private final Matrix byIn;
  private final Matrix[] factors = new Matrix[MODES];

  /** The positions times B, kept until B changes. */
  private Matrix mixed;

  private CpFactors(Tensor weight, int rank) {
    Shape shape = weight.shape();
    if (shape.rank() != MODES) {
      throw new ShapeException("cp: expected a weight [out, height, width, in], got " + shape);
    }
    this.sizes = IntStream.range(0, MODES).map(shape::size).toArray();
    this.rank = rank;
    this.positions = Matrix.of(weight, shape.count(0, IN));
    this.byIn = positions.transposed();
  }

  /**
   * Starts from the leading left singular vectors of each unfolding; columns beyond their number
   * are standard normal, drawn by the seed (ours).
   *
   * @param weight {@code [out, height, width, in]}, not modified
   * @param rank R, from 1 to the product of the three smaller sizes, beyond which no weight needs
   *     more
   */
  public static CpFactors of(Tensor weight, int rank, long seed) {
    CpFactors start = new CpFactors(weight, rank);
    int most = weight.count() / Arrays.stream(start.sizes).max().orElse(1);
    if (rank < 1 || rank > most) {
      throw new IllegalArgumentException(
          "cp: the rank must be inside 1..%d for a weight %s, got %d"
              .formatted(most, weight.shape(), rank));
    }
    for (int mode = 0; mode < MODES; mode++) {
      Matrix vectors = Matrix.of(unfolded(weight, mode).svd().u());
      Random random = Random.of(seed).stream("cp").stream(NAMES[mode]);
      Matrix factor = Matrix.zeros(start.sizes[mode], rank);
      for (int i = 0; i < factor.rows(); i++) {
        for (int r = 0; r < rank; r++) {
          boolean known = r < vectors.columns();
          int at = i * rank + r;
          factor.values()[at] = known ? vectors.get(i, r) : random.normal(at);
        }
      }
      start.factors[mode] = factor;
    }
    return start;
  }

  /**
   * Starts from given factors.
   *
   * @param weight {@code [out, height, width, in]}, not modified
   * @param out A, {@code [out, R]}
   * @param in B, {@code [in, R]}
   * @param height C, {@code [height, R]}
   * @param width D, {@code [width, R]}
   */
  public static CpFactors of(Tensor weight, Tensor out, Tensor in, Tensor height, Tensor width) {
    CpFactors start = new CpFactors(weight, out.shape().size(-1));
    Tensor[] given = {out, height, width, in};
    for (int mode = 0; mode < MODES; mode++) {
      Shape expected = Shape.of(start.sizes[mode], start.rank);
      if (!given[mode].shape().equals(expected)) {
        throw new ShapeException(
            "cp: the factor of %s must be %s, got %s"
                .formatted(NAMES[mode], expected, given[mode].shape()));
      }
      start.factors[mode] = Matrix.of(given[mode]);
    }
    return start;
  }

  /** Returns the weight with one index of a mode a row, the others in their order. */
  private static Matrix unfolded(Tensor weight, int mode) {
    Shape shape = weight.shape();
    int inner = shape.count(mode + 1, MODES);
    int size = shape.size(mode);
    Matrix unfolding = Matrix.zeros(size, weight.count() / size);
    for (int at = 0; at < weight.count(); at++) {
      int row = at / inner % size;
      int column = at / (inner * size) * inner + at % inner;
      unfolding.values()[row * unfolding.columns() + column] = weight.get(at);
    }
    return unfolding;
  }

  /**
   * Solves for A, B, C and D in turn, the others fixed: the Hadamard product of their Gram matrices
   * plus {@code ridge·I} against the unfolding times their Khatri-Rao product.
   */
  public void sweep(double ridge) {
    for (int mode : ORDER) {
      Matrix products = mode == IN ? byIn.times(kernels()) : contracted(mode);
      factors[mode] = solve(gram(mode, ridge), products);
      if (mode == IN) {
        mixed = null;
      }
    }
  }

  /**
   * Sweeps until the relative error improves by less than a tolerance, at most so many times.
   *
   * @return the relative error after each sweep
   */
  public double[] fit(int sweeps, double tolerance, double ridge) {
    double[] errors = new double[sweeps];
    double before = Double.POSITIVE_INFINITY;
    for (int i = 0; i < sweeps; i++) {
      sweep(ridge);
      errors[i] = relativeError();
      if (before - errors[i] < tolerance) {
        return Arrays.copyOf(errors, i + 1);
      }
      before = errors[i];
    }
    return errors;
  }

  /**
   * Returns the unfolding of a mode other than IN times the Khatri-Rao product of the other
   * factors: the inputs are summed first, which spares a matrix of all pairs of channels.
   */
  private Matrix contracted(int mode) {
    if (mixed == null) {
      mixed = positions.times(factors[IN]);
    }
    Matrix sums = Matrix.zeros(sizes[mode], rank);
    for (int row = 0; row < mixed.rows(); row++) {
      int[] place = place(row);
      for (int r = 0; r < rank; r++) {
        double product = mixed.get(row, r);
        for (int other = OUT; other < IN; other++) {
          product *= other == mode ? 1 : factors[other].get(place[other], r);
        }
        sums.values()[place[mode] * rank + r] += product;
      }
    }
    return sums;
  }

  /** Returns the products of the rows of A, C and D for every kernel position of every output. */
  private Matrix kernels() {
    Matrix kernels = Matrix.zeros(positions.rows(), rank);
    for (int row = 0; row < kernels.rows(); row++) {
      int[] place = place(row);
      for (int r = 0; r < rank; r++) {
        kernels.values()[row * rank + r] =
            factors[OUT].get(place[OUT], r)
                * factors[HEIGHT].get(place[HEIGHT], r)
                * factors[WIDTH].get(place[WIDTH], r);
      }
    }
    return kernels;
  }

  private int[] place(int row) {
    int window = sizes[HEIGHT] * sizes[WIDTH];
    return new int[] {row / window, row / sizes[WIDTH] % sizes[HEIGHT], row % sizes[WIDTH]};
  }

  private Tensor gram(int mode, double ridge) {
    Matrix product = Matrix.zeros(rank, rank);
    Arrays.fill(product.values(), 1);
    for (int other = 0; other < MODES; other++) {
      if (other != mode) {
        double[] gram = factors[other].transposed().times(factors[other]).values();
        for (int i = 0; i < gram.length; i++) {
          product.values()[i] *= gram[i];
        }
      }
    }
    for (int r = 0; r < rank; r++) {
      product.values()[r * rank + r] += ridge;
    }
    return product.tensor(rank, rank);
  }

  /** Returns X of {@code X·gram = products}; of a singular matrix the shortest solution. */
  private static Matrix solve(Tensor gram, Matrix products) {
    Matrix right = products.transposed();
    Tensor b = right.tensor(right.rows(), right.columns());
    try {
      return Matrix.of(Cholesky.of(gram).solve(b)).transposed();
    } catch (NotPositiveDefiniteException singular) {
      return Matrix.of(Svd.of(gram).pseudoInverse()).times(right).transposed();
    }
  }

  /** Returns A, {@code [out, R]}. */
  public Tensor out() {
    return tensor(OUT);
  }

  /** Returns B, {@code [in, R]}. */
  public Tensor in() {
    return tensor(IN);
  }

  /** Returns C, {@code [height, R]}. */
  public Tensor height() {
    return tensor(HEIGHT);
  }

  /** Returns D, {@code [width, R]}. */
  public Tensor width() {
    return tensor(WIDTH);
  }

  private Tensor tensor(int mode) {
    return factors[mode].tensor(sizes[mode], rank);
  }

  private Matrix approximation() {
    return kernels().times(factors[IN].transposed());
  }

  /** Returns the weight that the factors amount to, {@code [out, height, width, in]}. */
  public Tensor reconstruct() {
    return approximation().tensor(sizes);
  }

  /** Returns {@code ‖W - Ŵ‖ / ‖W‖}, 0 for a weight of zeros. */
  public double relativeError() {
    return positions.relativeError(approximation());
  }
}
