package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.RowRounding.ROUND;
import static org.espalier.tensor.internal.RowRounding.ROUND_BITS;
import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.CodeRange;

/**
 * Goes through codes by vectors of 512 bits: sixteen floats, which is what sixteen bytes widen to.
 * Shorter vectors have no bytes that widen to them, plain loops serve there.
 *
 * <p>Integers are read from the low bits of numbers so large that the last bit counts ones, and cut
 * to bytes.
 */
final class VectorCodes extends ScalarCodes {
  private static final VectorSpecies<Byte> SIXTEEN = ByteVector.SPECIES_128;
  private static final VectorSpecies<Byte> EIGHT = ByteVector.SPECIES_64;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;

  /** What roundings to float move a sum of two products by, relative to the largest ones. */
  private static final double ADD_ERROR = 0x1p-21;

  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;

  /** The classes of the bytes that are stored, see {@link VectorPanels#FULL_TYPE}. */
  private static final Class<? extends ByteVector> SIXTEEN_TYPE =
      ByteVector.zero(SIXTEEN).getClass();

  private static final Class<? extends ByteVector> EIGHT_TYPE = ByteVector.zero(EIGHT).getClass();
  private static final Class<? extends ByteVector> BYTES_TYPE = ByteVector.zero(BYTES).getClass();

  /** Tells whether this processor has such vectors. */
  static boolean isServed() {
    return LANES == SIXTEEN.length();
  }

  @Override
  public void widen(byte[] codes, int from, int count, int zeroPoint, float[] to, int at) {
    int whole = SIXTEEN.loopBound(count);
    FloatVector zero = FloatVector.broadcast(FULL, zeroPoint);
    for (int i = 0; i < whole; i += SIXTEEN.length()) {
      FloatVector wide =
          (FloatVector)
              ByteVector.fromArray(SIXTEEN, codes, from + i)
                  .convertShape(VectorOperators.B2F, FULL, 0);
      FULL_TYPE.cast(wide.sub(zero)).intoArray(to, at + i);
    }
    super.widen(codes, from + whole, count - whole, zeroPoint, to, at + whole);
  }

  @Override
  public void round(float[] sums, int from, int count, RowRounding rounding, byte[] codes, int at) {
    int period = rounding.period();
    for (int j = 0; j < period && j + LANES <= count; j += LANES) {
      roundColumn(sums, from, j, count - LANES, rounding, codes, at);
    }
    int last = count - count % period;
    int whole = SIXTEEN.loopBound(count - last);
    roundRow(sums, from + last, whole, count - last, rounding, codes, at + last);
  }

  /**
   * Rounds the elements of one vector of the period in all rows, whose numbers stay in registers.
   */
  private static void roundColumn(
      float[] sums, int from, int column, int end, RowRounding rounding, byte[] codes, int at) {
    FloatVector bias = FloatVector.fromArray(FULL, rounding.bias(), column);
    FloatVector multiplier = FloatVector.fromArray(FULL, rounding.multiplier(), column);
    FloatVector certain = FloatVector.fromArray(FULL, rounding.certain(), column);
    FloatVector round = FloatVector.broadcast(FULL, ROUND);
    IntVector low = IntVector.broadcast(INTS, rounding.lowBits());
    IntVector high = IntVector.broadcast(INTS, rounding.highBits());
    IntVector zero = IntVector.broadcast(INTS, rounding.exact().range().zeroPoint());
    int period = rounding.period();
    for (int i = column; i <= end; i += period) {
      FloatVector steps = FloatVector.fromArray(FULL, sums, from + i).add(bias).mul(multiplier);
      FloatVector large = steps.add(round);
      FloatVector off = steps.sub(large.sub(round)).abs();
      IntVector bits = large.reinterpretAsInts().min(high).max(low).add(zero);
      SIXTEEN_TYPE
          .cast(bits.convertShape(VectorOperators.I2B, SIXTEEN, 0))
          .intoArray(codes, at + i);
      if (off.compare(VectorOperators.GT, certain).anyTrue()) {
        int row = i - column;
        roundRow(sums, from + row, column, column + LANES, rounding, codes, at + row);
      }
    }
  }

  /** Goes by floats as {@link RowRounding} does, with as little doubt about the nearest integer. */
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
    double most = CodeRange.CODES * (Math.abs(xSteps) + Math.abs(ySteps));
    float certain = (float) (0.5 - most * ADD_ERROR);
    FloatVector start = FloatVector.broadcast(FULL, (float) -(xZero * xSteps + yZero * ySteps));
    FloatVector round = FloatVector.broadcast(FULL, ROUND);
    IntVector low = IntVector.broadcast(INTS, ROUND_BITS + range.low() - range.zeroPoint());
    IntVector high = IntVector.broadcast(INTS, ROUND_BITS + range.high() - range.zeroPoint());
    IntVector zero = IntVector.broadcast(INTS, range.zeroPoint());
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      FloatVector left =
          (FloatVector)
              ByteVector.fromArray(SIXTEEN, x, i).convertShape(VectorOperators.B2F, FULL, 0);
      FloatVector right =
          (FloatVector)
              ByteVector.fromArray(SIXTEEN, y, i).convertShape(VectorOperators.B2F, FULL, 0);
      FloatVector steps = left.mul((float) xSteps).add(right.mul((float) ySteps)).add(start);
      FloatVector large = steps.add(round);
      FloatVector off = steps.sub(large.sub(round)).abs();
      IntVector bits = large.reinterpretAsInts().min(high).max(low).add(zero);
      SIXTEEN_TYPE.cast(bits.convertShape(VectorOperators.I2B, SIXTEEN, 0)).intoArray(z, i);
      if (off.compare(VectorOperators.GT, certain).anyTrue()) {
        super.add(x, xZero, xSteps, y, yZero, ySteps, range, z, i, i + LANES);
      }
    }
    super.add(x, xZero, xSteps, y, yZero, ySteps, range, z, i, to);
  }

  @Override
  public void max(byte[] codes, int from, int count, byte[] best, int at) {
    int whole = EIGHT.loopBound(count);
    int wide = BYTES.loopBound(count);
    for (int i = 0; i < wide; i += BYTES.length()) {
      BYTES_TYPE
          .cast(
              ByteVector.fromArray(BYTES, best, at + i)
                  .max(ByteVector.fromArray(BYTES, codes, from + i)))
          .intoArray(best, at + i);
    }
    for (int i = wide; i < whole; i += EIGHT.length()) {
      EIGHT_TYPE
          .cast(
              ByteVector.fromArray(EIGHT, best, at + i)
                  .max(ByteVector.fromArray(EIGHT, codes, from + i)))
          .intoArray(best, at + i);
    }
    super.max(codes, from + whole, count - whole, best, at + whole);
  }

  @Override
  public void narrow(float[] wide, int zeroPoint, byte[] codes, int from, int to) {
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      IntVector bits = FloatVector.fromArray(FULL, wide, i).add(ROUND).reinterpretAsInts();
      SIXTEEN_TYPE
          .cast(bits.add(zeroPoint).convertShape(VectorOperators.I2B, SIXTEEN, 0))
          .intoArray(codes, i);
    }
    super.narrow(wide, zeroPoint, codes, i, to);
  }
}
