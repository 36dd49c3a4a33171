package org.espalier.autograd.op;

import java.util.Locale;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Resizes the positions of x {@code [n, h, w, c]} or {@code [n, l, c]} (layers reference, section
 * 7).
 *
 * @param dimensions 1 or 2
 * @param mode which elements an output reads
 * @param height rows of the output, not read with one dimension
 * @param width columns of the output
 */
public record Interpolate(int dimensions, Mode mode, int height, int width) implements Op {
  /** Says which elements an output position reads. */
  public enum Mode {
    /** Element {@code floor(i·in/out)}. */
    NEAREST,
    /** The two neighbours of {@code (i + 0.5)·in/out - 0.5}, clamped at 0. */
    LINEAR,
    /** The two neighbours of {@code i·(in - 1)/(out - 1)}: the corners fall together. */
    LINEAR_ALIGN_CORNERS;

    private double source(int i, int in, int out) {
      return switch (this) {
        case NEAREST -> (double) ((long) i * in / out);
        case LINEAR -> Math.max((i + 0.5) * in / out - 0.5, 0);
        case LINEAR_ALIGN_CORNERS -> out == 1 ? 0 : i * (in - 1.0) / (out - 1);
      };
    }
  }

  private static final AxisSpec ONE = AxisSpec.of("x: n l c -> n x c");
  private static final AxisSpec TWO = AxisSpec.of("x: n h w c -> n y x c");

  /** Creates the op; the sizes must be positive. */
  public Interpolate {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "interpolate: the size must be positive, got " + height + "x" + width);
    }
  }

  @Override
  public String name() {
    return "interpolate_" + mode.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return (dimensions == 1 ? ONE : TWO).bind(this, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("y") ? height : letter.equals("x") ? width : -1;
  }

  @FunctionalInterface
  private interface Tap {
    void visit(int pixel, int result, double weight);
  }

  /** Visits each pair of an input and an output position with its weight. */
  private void taps(Shape x, Tap tap) {
    int rows = dimensions == 1 ? 1 : x.size(1);
    int outRows = dimensions == 1 ? 1 : height;
    int columns = x.size(-2);
    for (int n = 0; n < x.size(0); n++) {
      for (int r = 0; r < outRows; r++) {
        double row = mode.source(r, rows, outRows);
        int top = (int) row;
        for (int q = 0; q < width; q++) {
          double column = mode.source(q, columns, width);
          int left = (int) column;
          int result = (n * outRows + r) * width + q;
          for (int corner = 0; corner < 4; corner++) {
            int down = corner / 2;
            int right = corner % 2;
            double weight = share(row - top, down) * share(column - left, right);
            if (weight != 0) {
              int i = Math.min(top + down, rows - 1);
              int j = Math.min(left + right, columns - 1);
              tap.visit((n * rows + i) * columns + j, result, weight);
            }
          }
        }
      }
    }
  }

  private static double share(double fraction, int second) {
    return second == 1 ? fraction : 1 - fraction;
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    double[] input = in[0].toDoubles();
    double[] output = new double[y.count()];
    int channels = y.shape().size(-1);
    taps(
        in[0].shape(),
        (pixel, result, weight) -> {
          for (int c = 0; c < channels; c++) {
            output[result * channels + c] += weight * input[pixel * channels + c];
          }
        });
    store(output, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    double[] upstream = dy.toDoubles();
    Tensor dx = call.like(0);
    double[] gradient = new double[dx.count()];
    int channels = dy.shape().size(-1);
    taps(
        dx.shape(),
        (pixel, result, weight) -> {
          for (int c = 0; c < channels; c++) {
            gradient[pixel * channels + c] += weight * upstream[result * channels + c];
          }
        });
    store(gradient, dx);
    return new Tensor[] {dx};
  }

  private static void store(double[] values, Tensor tensor) {
    for (int i = 0; i < values.length; i++) {
      tensor.set(i, values[i]);
    }
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
