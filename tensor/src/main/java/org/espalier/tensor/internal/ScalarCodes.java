package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.RowRounding.ROUND;
import static org.espalier.tensor.internal.RowRounding.ROUND_DOUBLE;

import org.espalier.tensor.Prepacked;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.ConvGeometry;

/** Goes through codes with plain loops. */
class ScalarCodes implements CodeLoops {
  /** Computes a convolution of integers held as floats with plain loops. */
  static void product(ConvGeometry g, float[] x, float[] weight, Prepacked kept, float[] y) {
    ScalarConv.forward(g, x, weight, null, y);
  }

  @Override
  public void widen(byte[] codes, int from, int count, int zeroPoint, float[] to, int at) {
    for (int i = 0; i < count; i++) {
      to[at + i] = codes[from + i] - zeroPoint;
    }
  }

  @Override
  public void round(float[] sums, int from, int count, RowRounding rounding, byte[] codes, int at) {
    for (int i = 0; i < count; i += rounding.period()) {
      int end = Math.min(rounding.period(), count - i);
      roundRow(sums, from + i, 0, end, rounding, codes, at + i);
    }
  }

  /** Rounds elements {@code first} to {@code end} of one period. */
  static void roundRow(
      float[] sums, int from, int first, int end, RowRounding rounding, byte[] codes, int at) {
    float[] bias = rounding.bias();
    float[] multiplier = rounding.multiplier();
    float[] certain = rounding.certain();
    int low = rounding.lowBits();
    int high = rounding.highBits();
    int zeroPoint = rounding.exact().range().zeroPoint();
    for (int j = first; j < end; j++) {
      float steps = (sums[from + j] + bias[j]) * multiplier[j];
      float large = steps + ROUND;
      int bits = Math.max(low, Math.min(high, Float.floatToRawIntBits(large)));
      boolean known = Math.abs(steps - (large - ROUND)) <= certain[j];
      codes[at + j] = known ? (byte) (bits + zeroPoint) : rounding.code(sums[from + j], j);
    }
  }

  /** Returns a small number rounded to an integer, ties to even. */
  private static int whole(double number) {
    return (int) Double.doubleToRawLongBits(number + ROUND_DOUBLE);
  }

  @Override
  public void add(
      byte[] x,
      int xZero,
      double xSteps,
      byte[] y,
      int yZero,
      double ySteps,
      CodeRange range,
      byte[] z,
      int from,
      int to) {
    double low = range.low() - range.zeroPoint();
    double high = range.high() - range.zeroPoint();
    for (int i = from; i < to; i++) {
      double steps = (x[i] - xZero) * xSteps + (y[i] - yZero) * ySteps;
      z[i] = (byte) (whole(Math.max(low, Math.min(high, steps))) + range.zeroPoint());
    }
  }

  @Override
  public void max(byte[] codes, int from, int count, byte[] best, int at) {
    for (int i = 0; i < count; i++) {
      best[at + i] = (byte) Math.max(best[at + i], codes[from + i]);
    }
  }

  @Override
  public void narrow(float[] wide, int zeroPoint, byte[] codes, int from, int to) {
    for (int i = from; i < to; i++) {
      codes[i] = (byte) (Float.floatToRawIntBits(wide[i] + ROUND) + zeroPoint);
    }
  }
}
