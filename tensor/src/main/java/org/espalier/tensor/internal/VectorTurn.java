package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.FULL;
import static org.espalier.tensor.internal.VectorPanels.FULL_TYPE;
import static org.espalier.tensor.internal.VectorPanels.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Turns squares of 16 by 16 numbers in two passes of two butterflies each: lanes at a distance of 8
 * and 4, then of 2 and 1, change places with those of another row.
 *
 * <p>Why two passes: a square does not fit the compiler's limit for one method. Half the time of a
 * plain loop.
 */
final class VectorTurn {
  private static final int SIDE = 16;

  private static final float[] ZEROS = new float[SIDE];

  private static final VectorShuffle<Float> BY_EIGHT = exchange(8);
  private static final VectorShuffle<Float> BY_FOUR = exchange(4);
  private static final VectorShuffle<Float> BY_TWO = exchange(2);
  private static final VectorShuffle<Float> BY_ONE = exchange(1);
  private static final VectorMask<Float> EIGHT = lanesWith(8);
  private static final VectorMask<Float> FOUR = lanesWith(4);
  private static final VectorMask<Float> TWO = lanesWith(2);
  private static final VectorMask<Float> ONE = lanesWith(1);

  private VectorTurn() {}

  private static VectorShuffle<Float> exchange(int distance) {
    return VectorShuffle.fromOp(FULL, lane -> (lane ^ distance) % LANES);
  }

  private static VectorMask<Float> lanesWith(int distance) {
    boolean[] set = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      set[lane] = (lane & distance) != 0;
    }
    return VectorMask.fromArray(FULL, set, 0);
  }

  /** Tells whether rows of so many numbers can be turned square by square. */
  static boolean serves(int count) {
    return LANES == SIDE && count >= SIDE;
  }

  /**
   * Transposes, square by square: {@code to[p, r] = from[r, p]} for r below {@code rows} and p
   * below {@code columns}, both of which {@link #serves} must allow. The last squares overlap those
   * before them, which writes the same numbers again.
   */
  static void turn(
      int rows,
      int columns,
      float[] from,
      int fromAt,
      int fromStride,
      float[] to,
      int toAt,
      int toStride) {
    float[] square = Scratch.take(SIDE * SIDE);
    for (int i = 0; i < columns; i += SIDE) {
      int p = Math.min(i, columns - SIDE);
      for (int j = 0; j < rows; j += SIDE) {
        int r = Math.min(j, rows - SIDE);
        take(from, fromAt + r * fromStride + p, fromStride, square);
        place(square, to, toAt + p * toStride + r, toStride);
      }
    }
    Scratch.give(square);
  }

  /**
   * Turns by 8 and 4 what lies at 16 pixels, zeros where there is none.
   *
   * @param first where the numbers of pixel 0 begin
   * @param channels numbers from one pixel to the next
   * @param pixels the pixels, from {@code at} on
   * @param square receives the rows (modified)
   */
  static void gather(float[] x, int first, int channels, int[] pixels, int at, float[] square) {
    for (int i = 0; i < 4; i++) {
      int p0 = pixels[at + i];
      int p1 = pixels[at + i + 4];
      int p2 = pixels[at + i + 8];
      int p3 = pixels[at + i + 12];
      far(
          p0 < 0 ? ZEROS : x,
          p0 < 0 ? 0 : first + p0 * channels,
          p1 < 0 ? ZEROS : x,
          p1 < 0 ? 0 : first + p1 * channels,
          p2 < 0 ? ZEROS : x,
          p2 < 0 ? 0 : first + p2 * channels,
          p3 < 0 ? ZEROS : x,
          p3 < 0 ? 0 : first + p3 * channels,
          square,
          i * SIDE);
    }
  }

  /** Turns by 8 and 4 what lies in 16 rows at a distance. */
  static void take(float[] x, int first, int stride, float[] square) {
    for (int i = 0; i < 4; i++) {
      int p = first + i * stride;
      far(x, p, x, p + 4 * stride, x, p + 8 * stride, x, p + 12 * stride, square, i * SIDE);
    }
  }

  /** Takes arrays beside places: a choice between vectors would make objects of them. */
  private static void far(
      float[] x0,
      int p0,
      float[] x1,
      int p1,
      float[] x2,
      int p2,
      float[] x3,
      int p3,
      float[] square,
      int to) {
    FloatVector a = FloatVector.fromArray(FULL, x0, p0);
    FloatVector b = FloatVector.fromArray(FULL, x1, p1);
    FloatVector c = FloatVector.fromArray(FULL, x2, p2);
    FloatVector d = FloatVector.fromArray(FULL, x3, p3);
    FloatVector ac = a.blend(c.rearrange(BY_EIGHT), EIGHT);
    FloatVector ca = a.rearrange(BY_EIGHT).blend(c, EIGHT);
    FloatVector bd = b.blend(d.rearrange(BY_EIGHT), EIGHT);
    FloatVector db = b.rearrange(BY_EIGHT).blend(d, EIGHT);
    FULL_TYPE.cast(ac.blend(bd.rearrange(BY_FOUR), FOUR)).intoArray(square, to);
    FULL_TYPE.cast(ac.rearrange(BY_FOUR).blend(bd, FOUR)).intoArray(square, to + 4 * SIDE);
    FULL_TYPE.cast(ca.blend(db.rearrange(BY_FOUR), FOUR)).intoArray(square, to + 8 * SIDE);
    FULL_TYPE.cast(ca.rearrange(BY_FOUR).blend(db, FOUR)).intoArray(square, to + 12 * SIDE);
  }

  /** Turns by 2 and 1, and writes 16 rows at a distance. */
  static void place(float[] square, float[] y, int first, int stride) {
    for (int i = 0; i < 4; i++) {
      near(square, 4 * i * SIDE, y, first + 4 * i * stride, stride);
    }
  }

  /** Turns by 2 and 1, and writes the first 8 rows at a distance. */
  static void placeHalf(float[] square, float[] y, int first, int stride) {
    near(square, 0, y, first, stride);
    near(square, 4 * SIDE, y, first + 4 * stride, stride);
  }

  private static void near(float[] square, int from, float[] y, int to, int stride) {
    FloatVector a = FloatVector.fromArray(FULL, square, from);
    FloatVector b = FloatVector.fromArray(FULL, square, from + SIDE);
    FloatVector c = FloatVector.fromArray(FULL, square, from + 2 * SIDE);
    FloatVector d = FloatVector.fromArray(FULL, square, from + 3 * SIDE);
    FloatVector ac = a.blend(c.rearrange(BY_TWO), TWO);
    FloatVector ca = a.rearrange(BY_TWO).blend(c, TWO);
    FloatVector bd = b.blend(d.rearrange(BY_TWO), TWO);
    FloatVector db = b.rearrange(BY_TWO).blend(d, TWO);
    FULL_TYPE.cast(ac.blend(bd.rearrange(BY_ONE), ONE)).intoArray(y, to);
    FULL_TYPE.cast(ac.rearrange(BY_ONE).blend(bd, ONE)).intoArray(y, to + stride);
    FULL_TYPE.cast(ca.blend(db.rearrange(BY_ONE), ONE)).intoArray(y, to + 2 * stride);
    FULL_TYPE.cast(ca.rearrange(BY_ONE).blend(db, ONE)).intoArray(y, to + 3 * stride);
  }

  /** Turns by 2 and 1, and writes 16 numbers to each of 16 pixels, but not where there is none. */
  static void scatter(float[] square, int[] pixels, int at, float[] y, int first, int channels) {
    for (int i = 0; i < SIDE; i += 4) {
      FloatVector a = FloatVector.fromArray(FULL, square, i * SIDE);
      FloatVector b = FloatVector.fromArray(FULL, square, (i + 1) * SIDE);
      FloatVector c = FloatVector.fromArray(FULL, square, (i + 2) * SIDE);
      FloatVector d = FloatVector.fromArray(FULL, square, (i + 3) * SIDE);
      FloatVector ac = a.blend(c.rearrange(BY_TWO), TWO);
      FloatVector ca = a.rearrange(BY_TWO).blend(c, TWO);
      FloatVector bd = b.blend(d.rearrange(BY_TWO), TWO);
      FloatVector db = b.rearrange(BY_TWO).blend(d, TWO);
      if (pixels[at + i] >= 0) {
        FloatVector row = ac.blend(bd.rearrange(BY_ONE), ONE);
        FULL_TYPE.cast(row).intoArray(y, first + pixels[at + i] * channels);
      }
      if (pixels[at + i + 1] >= 0) {
        FloatVector row = ac.rearrange(BY_ONE).blend(bd, ONE);
        FULL_TYPE.cast(row).intoArray(y, first + pixels[at + i + 1] * channels);
      }
      if (pixels[at + i + 2] >= 0) {
        FloatVector row = ca.blend(db.rearrange(BY_ONE), ONE);
        FULL_TYPE.cast(row).intoArray(y, first + pixels[at + i + 2] * channels);
      }
      if (pixels[at + i + 3] >= 0) {
        FloatVector row = ca.rearrange(BY_ONE).blend(db, ONE);
        FULL_TYPE.cast(row).intoArray(y, first + pixels[at + i + 3] * channels);
      }
    }
  }
}
