package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.RowRounding.ROUND;
import static org.espalier.tensor.internal.RowRounding.ROUND_DOUBLE;
import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.espalier.tensor.kernel.CodeRange;

/**
 * Goes through codes by vectors of 512 bits: sixteen floats or eight doubles, which is what eight
 * bytes widen to. Shorter vectors have no bytes that widen to them, plain loops serve there.
 *
 * <p>Integers are read from the low bits of numbers so large that the last bit counts ones, and cut
 * to bytes.
 */
final class VectorCodes extends ScalarCodes {
  private static final VectorSpecies<Byte> SIXTEEN = ByteVector.SPECIES_128;
  private static final VectorSpecies<Byte> EIGHT = ByteVector.SPECIES_64;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_512;
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;

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
      wide.sub(zero).intoArray(to, at + i);
    }
    super.widen(codes, from + whole, count - whole, zeroPoint, to, at + whole);
  }

  @Override
  public void round(float[] sums, int from, int count, RowRounding rounding, byte[] codes, int at) {
    for (int i = 0; i < count; i += rounding.period()) {
      int end = Math.min(rounding.period(), count - i);
      int whole = SIXTEEN.loopBound(end);
      roundWhole(sums, from + i, whole, rounding, codes, at + i);
      roundRow(sums, from + i, whole, end, rounding, codes, at + i);
    }
  }

  private static void roundWhole(
      float[] sums, int from, int count, RowRounding rounding, byte[] codes, int at) {
    float[] bias = rounding.bias();
    float[] multiplier = rounding.multiplier();
    float[] certain = rounding.certain();
    IntVector low = IntVector.broadcast(INTS, rounding.lowBits());
    IntVector high = IntVector.broadcast(INTS, rounding.highBits());
    IntVector zero = IntVector.broadcast(INTS, rounding.exact().range().zeroPoint());
    FloatVector round = FloatVector.broadcast(FULL, ROUND);
    for (int j = 0; j < count; j += LANES) {
      FloatVector steps =
          FloatVector.fromArray(FULL, sums, from + j)
              .add(FloatVector.fromArray(FULL, bias, j))
              .mul(FloatVector.fromArray(FULL, multiplier, j));
      FloatVector large = steps.add(round);
      FloatVector off = steps.sub(large.sub(round)).abs();
      IntVector bits = large.reinterpretAsInts().min(high).max(low).add(zero);
      ((ByteVector) bits.convertShape(VectorOperators.I2B, SIXTEEN, 0)).intoArray(codes, at + j);
      if (off.compare(VectorOperators.GT, FloatVector.fromArray(FULL, certain, j)).anyTrue()) {
        roundRow(sums, from, j, j + LANES, rounding, codes, at);
      }
    }
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
    DoubleVector low = DoubleVector.broadcast(DOUBLES, range.low() - range.zeroPoint());
    DoubleVector high = DoubleVector.broadcast(DOUBLES, range.high() - range.zeroPoint());
    DoubleVector round = DoubleVector.broadcast(DOUBLES, ROUND_DOUBLE);
    DoubleVector zero = DoubleVector.broadcast(DOUBLES, range.zeroPoint());
    int i = from;
    for (; i <= to - EIGHT.length(); i += EIGHT.length()) {
      DoubleVector left =
          (DoubleVector)
              ByteVector.fromArray(EIGHT, x, i).convertShape(VectorOperators.B2D, DOUBLES, 0);
      DoubleVector right =
          (DoubleVector)
              ByteVector.fromArray(EIGHT, y, i).convertShape(VectorOperators.B2D, DOUBLES, 0);
      DoubleVector steps = left.sub(xZero).mul(xSteps).add(right.sub(yZero).mul(ySteps));
      DoubleVector code = steps.min(high).max(low).add(round).add(zero);
      ((ByteVector) code.reinterpretAsLongs().convertShape(VectorOperators.L2B, EIGHT, 0))
          .intoArray(z, i);
    }
    super.add(x, xZero, xSteps, y, yZero, ySteps, range, z, i, to);
  }

  @Override
  public void max(byte[] codes, int from, int count, byte[] best, int at) {
    int whole = EIGHT.loopBound(count);
    int wide = BYTES.loopBound(count);
    for (int i = 0; i < wide; i += BYTES.length()) {
      ByteVector.fromArray(BYTES, best, at + i)
          .max(ByteVector.fromArray(BYTES, codes, from + i))
          .intoArray(best, at + i);
    }
    for (int i = wide; i < whole; i += EIGHT.length()) {
      ByteVector.fromArray(EIGHT, best, at + i)
          .max(ByteVector.fromArray(EIGHT, codes, from + i))
          .intoArray(best, at + i);
    }
    super.max(codes, from + whole, count - whole, best, at + whole);
  }

  @Override
  public void narrow(float[] wide, int zeroPoint, byte[] codes, int from, int to) {
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      IntVector bits = FloatVector.fromArray(FULL, wide, i).add(ROUND).reinterpretAsInts();
      ((ByteVector) bits.add(zeroPoint).convertShape(VectorOperators.I2B, SIXTEEN, 0))
          .intoArray(codes, i);
    }
    super.narrow(wide, zeroPoint, codes, i, to);
  }
}
