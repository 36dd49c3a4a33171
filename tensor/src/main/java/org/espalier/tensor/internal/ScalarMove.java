package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.parallel.Parallel;

/** Moves numbers without arithmetic: permutes axes, gathers and scatters. */
final class ScalarMove {
  /** Side of the square blocks a transposition goes by, so that both sides stay in the L1 cache. */
  private static final int SIDE = 32;

  /** Elements from which a block copy is faster than a loop. */
  private static final int RUN = 8;

  private ScalarMove() {}

  /** Computes {@code y} with axis j = axis {@code order[j]} of x. */
  static void permute(Shape shape, int[] order, float[] x, float[] y) {
    if (shape.count() == 0) {
      return;
    }
    int[] size = new int[order.length];
    int[] stride = new int[order.length];
    int rank = 0;
    for (int axis : order) {
      int n = shape.size(axis);
      int step = shape.count(axis + 1, shape.rank());
      if (n == 1) {
        continue;
      }
      if (rank > 0 && stride[rank - 1] == step * n) {
        size[rank - 1] *= n;
        stride[rank - 1] = step;
      } else {
        size[rank] = n;
        stride[rank++] = step;
      }
    }
    if (rank == 0 || stride[rank - 1] == 1) {
      copyRuns(Arrays.copyOf(size, rank), stride, x, y);
    } else {
      transpose(Arrays.copyOf(size, rank), stride, x, y);
    }
  }

  /** Copies whole runs: the innermost axis is the same on both sides. */
  private static void copyRuns(int[] size, int[] stride, float[] x, float[] y) {
    int run = size.length == 0 ? 1 : size[size.length - 1];
    int[] outer = Arrays.copyOf(size, Math.max(0, size.length - 1));
    int runs = Shape.of(outer).count();
    Parallel.range(
        runs,
        Parallel.grain(run),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            System.arraycopy(x, offset(i, outer, stride), y, i * run, run);
          }
        });
  }

  /** Transposes blocks of the two axes that are innermost in y (the last) and in x (stride 1). */
  private static void transpose(int[] size, int[] stride, float[] x, float[] y) {
    int last = size.length - 1;
    int inner = 0;
    while (stride[inner] != 1) {
      inner++;
    }
    int[] outputStride = new int[size.length];
    outputStride[last] = 1;
    for (int axis = last - 1; axis >= 0; axis--) {
      outputStride[axis] = outputStride[axis + 1] * size[axis + 1];
    }
    int along = size[inner];
    int alongStep = outputStride[inner];
    int across = size[last];
    int acrossStep = stride[last];
    int[] outer = size.clone();
    outer[inner] = 1;
    outer[last] = 1;
    int strips = ScalarGemm.tiles(along, SIDE);
    Parallel.range(
        Shape.of(outer).count() * strips,
        Parallel.grain((long) SIDE * across),
        (from, to) -> {
          for (int unit = from; unit < to; unit++) {
            int first = unit % strips * SIDE;
            int width = Math.min(SIDE, along - first);
            int xAt = offset(unit / strips, outer, stride) + first;
            int yAt = offset(unit / strips, outer, outputStride) + first * alongStep;
            for (int top = 0; top < across; top += SIDE) {
              int height = Math.min(SIDE, across - top);
              int source = xAt + top * acrossStep;
              block(x, source, acrossStep, y, yAt + top, alongStep, width, height);
            }
          }
        });
  }

  private static void block(
      float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int width, int height) {
    int i = 0;
    for (; i + 4 <= width; i += 4) {
      int to0 = yAt + i * yStep;
      int to1 = to0 + yStep;
      int to2 = to1 + yStep;
      int to3 = to2 + yStep;
      int from = xAt + i;
      for (int j = 0; j < height; j++) {
        y[to0 + j] = x[from];
        y[to1 + j] = x[from + 1];
        y[to2 + j] = x[from + 2];
        y[to3 + j] = x[from + 3];
        from += xStep;
      }
    }
    for (; i < width; i++) {
      for (int j = 0; j < height; j++) {
        y[yAt + i * yStep + j] = x[xAt + i + j * xStep];
      }
    }
  }

  /** Returns the position of the {@code index}-th element of the axes in row-major order. */
  private static int offset(int index, int[] size, int[] stride) {
    int offset = 0;
    int rest = index;
    for (int axis = size.length - 1; axis >= 0; axis--) {
      offset += rest % size[axis] * stride[axis];
      rest /= size[axis];
    }
    return offset;
  }

  /** Computes {@code y[o,k,i] = x[o,index[k],i]}, 0 for -1. */
  static void gather(float[] x, int[] index, Span span, float[] y) {
    int inner = span.inner();
    int count = index.length;
    if (inner == 1) {
      Parallel.range(
          span.outer(),
          Parallel.grain(count),
          (from, to) -> {
            for (int o = from; o < to; o++) {
              pick(x, o * span.middle(), index, y, o * count);
            }
          });
      return;
    }
    Parallel.range(
        span.outer() * count,
        Parallel.grain(inner),
        (from, to) -> {
          for (int run = from; run < to; run++) {
            int source = index[run % count];
            int at = (run / count * span.middle() + source) * inner;
            copy(x, source < 0 ? -1 : at, y, run * inner, inner);
          }
        });
  }

  private static void pick(float[] x, int from, int[] index, float[] y, int to) {
    for (int k = 0; k < index.length; k++) {
      y[to + k] = index[k] < 0 ? 0 : x[from + index[k]];
    }
  }

  private static void copy(float[] x, int from, float[] y, int to, int length) {
    if (length < RUN) {
      for (int i = 0; i < length; i++) {
        y[to + i] = from < 0 ? 0 : x[from + i];
      }
    } else if (from < 0) {
      Arrays.fill(y, to, to + length, 0);
    } else {
      System.arraycopy(x, from, y, to, length);
    }
  }

  /** Computes {@code y = 0; y[o,index[k],i] += x[o,k,i]}, skipping -1. */
  static void scatterAdd(float[] x, int[] index, Span span, float[] y) {
    int inner = span.inner();
    int block = span.middle() * inner;
    int count = index.length;
    if (inner == 1) {
      Parallel.range(
          span.outer(),
          Parallel.grain((long) block + count),
          (from, to) -> place(x, index, block, y, from, to));
      return;
    }
    Parallel.range(
        span.outer(),
        Parallel.grain((long) block + (long) count * inner),
        (from, to) -> {
          Arrays.fill(y, from * block, to * block, 0);
          for (int o = from; o < to; o++) {
            for (int k = 0; k < count; k++) {
              int target = o * block + index[k] * inner;
              int at = (o * count + k) * inner;
              for (int i = 0; index[k] >= 0 && i < inner; i++) {
                y[target + i] += x[at + i];
              }
            }
          }
        });
  }

  /** Adds each row's elements at their places. */
  private static void place(float[] x, int[] index, int width, float[] y, int from, int to) {
    int count = index.length;
    Arrays.fill(y, from * width, to * width, 0);
    for (int o = from; o < to; o++) {
      int target = o * width;
      int source = o * count;
      for (int k = 0; k < count; k++) {
        if (index[k] >= 0) {
          y[target + index[k]] += x[source + k];
        }
      }
    }
  }
}
