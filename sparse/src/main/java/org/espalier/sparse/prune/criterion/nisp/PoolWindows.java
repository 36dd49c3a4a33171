package org.espalier.sparse.prune.criterion.nisp;

import org.espalier.autograd.Call;
import org.espalier.autograd.op.PoolWindow;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Spreads what pooling windows are worth over what they see; overlapping windows add up. */
final class PoolWindows {
  private final Shape x;
  private final Shape y;
  private final PoolWindow height;
  private final PoolWindow width;

  private PoolWindows(Shape x, Shape y, PoolWindow height, PoolWindow width) {
    this.x = x;
    this.y = y;
    this.height = height;
    this.width = width;
  }

  /** Returns the windows of a pooling call over {@code [n, l, c]} or {@code [n, h, w, c]}. */
  static PoolWindows of(Call call, PoolWindow height, PoolWindow width) {
    boolean flat = call.input(0).shape().rank() == 3;
    PoolWindow rows = flat ? new PoolWindow.Fixed(1, 1, 0, 1, false, true) : height;
    return new PoolWindows(call.input(0).shape(), call.output().shape(), rows, width);
  }

  /**
   * Returns the scores of x, of its shape; windows of equal size divide by that, padding or not.
   */
  Tensor spread(Tensor score, PoolingRule pooling) {
    int rows = x.rank() == 3 ? 1 : x.size(1);
    int outRows = x.rank() == 3 ? 1 : y.size(1);
    int columns = x.size(-2);
    int outColumns = y.size(-2);
    int channels = x.size(-1);
    double[] from = score.toDoubles();
    double[] to = new double[x.count()];
    for (int n = 0; n < x.size(0); n++) {
      for (int i = 0; i < outRows; i++) {
        for (int j = 0; j < outColumns; j++) {
          double share = share(i, rows, j, columns, pooling);
          int source = ((n * outRows + i) * outColumns + j) * channels;
          for (int r = height.start(i, rows); r < height.end(i, rows); r += height.step()) {
            for (int q = width.start(j, columns); q < width.end(j, columns); q += width.step()) {
              int target = ((n * rows + r) * columns + q) * channels;
              for (int c = 0; c < channels; c++) {
                to[target + c] += share * from[source + c];
              }
            }
          }
        }
      }
    }
    Tensor result = Tensor.zeros(score.dtype(), x);
    for (int e = 0; e < to.length; e++) {
      result.set(e, to[e]);
    }
    return result;
  }

  private double share(int i, int rows, int j, int columns, PoolingRule pooling) {
    if (width instanceof PoolWindow.Adaptive) {
      double cells =
          (double) (height.end(i, rows) - height.start(i, rows))
              * (width.end(j, columns) - width.start(j, columns));
      return 1 / cells;
    }
    return pooling == PoolingRule.UNIT ? 1 : 1.0 / (height.length() * width.length());
  }
}
