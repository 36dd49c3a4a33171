package org.espalier.optim;

import org.espalier.nn.Parameter;
import org.espalier.nn.Slot;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.parallel.Parallel;

/**
 * Is the inverse autocorrelation matrix P of a layer's inputs, symmetric positive definite, as it
 * stands in a slot of the layer's weight: one {@code [n, n]} for each group of a convolution, or
 * one for each input channel. Its indices are those of a row of the weight, kernel rows, columns,
 * channels; the constant input of a bias is last.
 */
public final class InverseAutocorrelation {
  /** The slot of a matrix a group. */
  static final String FULL = Rls.NAME + ".p";

  /** The slot of a matrix an input channel. */
  static final String BLOCKS = Rls.NAME + ".blocks";

  private final Tensor p;
  private final boolean perChannel;

  private InverseAutocorrelation(Tensor p, boolean perChannel) {
    this.p = p;
    this.perChannel = perChannel;
  }

  /** Returns what {@link Rls} keeps of a weight's inputs, live, or null if it keeps nothing. */
  public static InverseAutocorrelation of(Parameter weight) {
    for (String name : new String[] {FULL, BLOCKS}) {
      Slot slot = weight.slots().get(name);
      if (slot != null) {
        return new InverseAutocorrelation(slot.tensor(), name.equals(BLOCKS));
      }
    }
    return null;
  }

  /**
   * Puts known matrices into the slot of a weight, for {@link Rls} to go on from.
   *
   * @param matrices {@code [groups, n, n]}, used, not copied; n is the number of inputs, and one
   *     more for a bias
   */
  public static InverseAutocorrelation attach(Parameter weight, Tensor matrices) {
    weight.slots().put(FULL, new Slot(matrices));
    cutBy(weight, CovarianceReduction.SUBMATRIX);
    return of(weight);
  }

  /**
   * Chooses what stays of a weight's matrices at the next cuts; the optimizer's next step goes back
   * to {@link CovarianceReduction#SUBMATRIX}. Does nothing where there are no matrices.
   */
  public static void cutBy(Parameter weight, CovarianceReduction reduction) {
    InverseAutocorrelation known = of(weight);
    if (known != null) {
      String name = known.perChannel ? BLOCKS : FULL;
      weight.slot(name, () -> known.p, new MatrixCutter(weight, known.perChannel, reduction));
    }
  }

  /**
   * Returns the matrices of a slot, made on first use.
   *
   * @param owner the parameter whose slot it is
   * @param dtype what the matrices are kept in
   * @param initial what stands on their diagonals at first
   */
  static InverseAutocorrelation open(
      Parameter owner, BlockLayout layout, DType dtype, double initial) {
    String name = layout.perChannel() ? BLOCKS : FULL;
    MatrixCutter cutter =
        layout.taps() == 0
            ? null
            : new MatrixCutter(owner, layout.perChannel(), CovarianceReduction.SUBMATRIX);
    Slot slot = owner.slot(name, () -> diagonal(layout.matrices(), dtype, initial), cutter);
    if (!slot.tensor().shape().equals(layout.matrices())) {
      throw new IllegalArgumentException(
          "rls: %s keeps P of %s, its inputs need %s; call restart, or restore both together"
              .formatted(owner.name(), slot.tensor().shape(), layout.matrices()));
    }
    if (slot.tensor().dtype() != dtype) {
      slot.set(slot.tensor().to(dtype));
    }
    return new InverseAutocorrelation(slot.tensor(), layout.perChannel());
  }

  private static Tensor diagonal(Shape shape, DType dtype, double value) {
    Tensor matrices = Tensor.zeros(dtype, shape);
    int size = shape.size(1);
    for (int i = 0; i < shape.size(0) * size; i++) {
      matrices.set(i * size + i % size, value);
    }
    return matrices;
  }

  /** Returns the number of matrices. */
  public int blocks() {
    return p.shape().size(0);
  }

  /** Returns the number of rows of a matrix, that of the bias counted. */
  public int size() {
    return p.shape().size(1);
  }

  /** Tells whether each input channel has a matrix of its own; the bias's is then elsewhere. */
  public boolean isPerChannel() {
    return perChannel;
  }

  /** Returns what the matrices are kept in. */
  DType dtype() {
    return p.dtype();
  }

  /** Returns a copy of one matrix, {@code [n, n]}, in double. */
  public Tensor matrix(int block) {
    return matrix(p, block);
  }

  static Tensor matrix(Tensor p, int block) {
    int size = p.shape().size(1);
    Tensor copy = Tensor.zeros(DType.F64, Shape.of(size, size));
    for (int i = 0; i < size * size; i++) {
      copy.set(i, p.get(block * size * size + i));
    }
    return copy;
  }

  /** Returns {@code P x} of one matrix, in double: the gain u of a mean input x. */
  public double[] gain(int block, double... x) {
    double[] gain = new double[size()];
    gain(block, x, 0, gain, 0);
    return gain;
  }

  /** Writes {@code P x} of one matrix, in double; x and u begin at offsets. */
  void gain(int block, double[] x, int xFrom, double[] u, int uFrom) {
    int size = size();
    for (int i = 0; i < size; i++) {
      int row = (block * size + i) * size;
      u[uFrom + i] =
          p.dtype() == DType.F64
              ? dot(p.f64(), row, x, xFrom, size)
              : dot(p.f32(), row, x, xFrom, size);
    }
  }

  private static double dot(double[] row, int from, double[] x, int xFrom, int size) {
    double sum = 0;
    for (int j = 0; j < size; j++) {
      sum += row[from + j] * x[xFrom + j];
    }
    return sum;
  }

  private static double dot(float[] row, int from, double[] x, int xFrom, int size) {
    double sum = 0;
    for (int j = 0; j < size; j++) {
      sum += row[from + j] * x[xFrom + j];
    }
    return sum;
  }

  /**
   * Computes {@code y = x P}, each packed row by the matrices of its blocks.
   *
   * @param x {@code [rows, blocks·n]}, not modified
   * @param y of x's shape and type, written completely
   */
  void product(Tensor x, Tensor y, Workspace.Lease lease) {
    Tensor matrices = p;
    if (p.dtype() != x.dtype()) {
      matrices = lease.take(x.dtype(), p.shape());
      round(p.f64(), matrices.f32(), p.count());
    }
    int rows = x.shape().size(0);
    int size = size();
    if (blocks() == 1) {
      KernelLookup.of(x).gemm(false, false, rows, size, size, x, matrices, null, false, y);
    } else {
      // A pointwise convolution in groups multiplies each block of a row by its own matrix.
      int width = blocks() * size;
      ConvGeometry pointwise =
          new ConvGeometry(1, 1, rows, width, 1, rows, width, 1, 1, 1, 1, 1, 1, 0, 0, blocks());
      Tensor weight = matrices.reshape(width, 1, 1, size);
      KernelLookup.of(x).conv(pointwise, x, weight, null, null, y);
    }
    if (matrices != p) {
      lease.release(matrices);
    }
  }

  private static void round(double[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = (float) from[i];
    }
  }

  /** Returns the sum of the diagonal of one matrix. */
  double trace(int block) {
    int size = size();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += p.get((block * size + i) * size + i);
    }
    return sum;
  }

  /** Multiplies one matrix by a number. */
  void scale(int block, double factor) {
    int count = size() * size();
    for (int i = block * count; i < (block + 1) * count; i++) {
      p.set(i, p.get(i) * factor);
    }
  }

  /** Replaces one matrix by {@code (P + Pᵀ)/2}. */
  void symmetrise(int block) {
    int size = size();
    int start = block * size * size;
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        double mean = (p.get(start + i * size + j) + p.get(start + j * size + i)) / 2;
        p.set(start + i * size + j, mean);
        p.set(start + j * size + i, mean);
      }
    }
  }

  /**
   * Replaces one matrix by {@code P/λ - v vᵀ}. Mirrored entries get the same bits.
   *
   * @param forgetting λ; not 1 only where the matrices are kept in double
   * @param v a tensor of the matrices' type with n elements, not modified
   */
  void update(int block, double forgetting, Tensor v) {
    int size = size();
    int start = block * size * size;
    int grain = Parallel.grain(size);
    if (p.dtype() == DType.F32) {
      float[] vector = v.f32();
      Parallel.range(
          size, grain, (from, to) -> subtractOuter(p.f32(), start, vector, size, from, to));
    } else {
      double[] vector = v.f64();
      Parallel.range(
          size,
          grain,
          (from, to) -> subtractOuter(p.f64(), start, 1 / forgetting, vector, size, from, to));
    }
  }

  private static void subtractOuter(
      float[] matrix, int start, float[] v, int size, int from, int to) {
    for (int i = from; i < to; i++) {
      float factor = v[i];
      // Inputs that were zero throughout, such as border pixels, change nothing.
      if (factor != 0) {
        int row = start + i * size;
        for (int j = 0; j < size; j++) {
          matrix[row + j] -= factor * v[j];
        }
      }
    }
  }

  private static void subtractOuter(
      double[] matrix, int start, double grow, double[] v, int size, int from, int to) {
    for (int i = from; i < to; i++) {
      double factor = v[i];
      int row = start + i * size;
      for (int j = 0; j < size; j++) {
        matrix[row + j] = grow * matrix[row + j] - factor * v[j];
      }
    }
  }
}
