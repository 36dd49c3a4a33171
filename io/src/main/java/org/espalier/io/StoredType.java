package org.espalier.io;

import java.nio.ByteBuffer;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Names the element types that files hold, and widens each exactly to one of ours; a 64-bit integer
 * that fits no I32 is an error.
 */
enum StoredType {
  F64(8, DType.F64) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      from.asDoubleBuffer().get(to.f64(), at, count);
    }
  },
  F32(4, DType.F32) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      from.asFloatBuffer().get(to.f32(), at, count);
    }
  },
  F16(2, DType.F32) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      for (int i = 0; i < count; i++) {
        to.f32()[at + i] = halfToFloat(from.getShort(2 * i));
      }
    }
  },
  BF16(2, DType.F32) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      for (int i = 0; i < count; i++) {
        to.f32()[at + i] = Float.intBitsToFloat(from.getShort(2 * i) << 16);
      }
    }
  },
  I64(8, (from, i) -> from.getLong(8 * i)),
  I32(4, DType.I32) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      from.asIntBuffer().get(to.i32(), at, count);
    }
  },
  I16(2, (from, i) -> from.getShort(2 * i)),
  I8(1, DType.I8) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      from.duplicate().get(to.i8(), at, count);
    }
  },
  // A negative long is an unsigned number above 2^63, too large in any case.
  U64(8, (from, i) -> from.getLong(8 * i) < 0 ? Long.MAX_VALUE : from.getLong(8 * i)),
  U32(4, (from, i) -> from.getInt(4 * i) & 0xFFFFFFFFL),
  U16(2, (from, i) -> from.getShort(2 * i) & 0xFFFF),
  U8(1, (from, i) -> from.get(i) & 0xFF),
  BOOL(1, DType.I32) {
    @Override
    void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
      for (int i = 0; i < count; i++) {
        byte value = from.get(i);
        if (value != 0 && value != 1) {
          throw new FormatException(
              where + ": element " + (at + i) + ": got truth value " + value + ", expected 0 or 1");
        }
        to.i32()[at + i] = value;
      }
    }
  };

  /** Reads element {@code i} as a long. */
  @FunctionalInterface
  private interface Integers {
    long read(ByteBuffer from, int i);
  }

  private final int bytes;
  private final DType dtype;
  private final Integers integers;

  /** Creates an integer type, whose elements are read one by one and must fit I32. */
  StoredType(int bytes, Integers integers) {
    this.bytes = bytes;
    this.dtype = DType.I32;
    this.integers = integers;
  }

  /** Creates a type with a way of its own to decode. */
  StoredType(int bytes, DType dtype) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.integers = null;
  }

  /** Returns the bytes of one element. */
  int bytes() {
    return bytes;
  }

  /** Returns our type that holds every value this type is accepted with. */
  DType dtype() {
    return dtype;
  }

  /** Returns the type that stores our type as it is. */
  static StoredType of(DType dtype) {
    return switch (dtype) {
      case F32 -> F32;
      case F64 -> F64;
      case I8 -> I8;
      case I32 -> I32;
    };
  }

  /**
   * Widens elements.
   *
   * @param from begins with the first element, in its byte order
   * @param to modified from element {@code at} on
   * @param at where to write
   * @param count how many elements
   * @param where names file and tensor in messages
   */
  void decode(ByteBuffer from, Tensor to, int at, int count, String where) {
    int[] out = to.i32();
    for (int i = 0; i < count; i++) {
      long value = integers.read(from, i);
      if (value != (int) value) {
        throw new FormatException(
            where
                + ": element "
                + (at + i)
                + ": the "
                + this
                + " value "
                + (this == U64 ? Long.toUnsignedString(from.getLong(8 * i)) : "" + value)
                + " does not fit I32");
      }
      out[at + i] = (int) value;
    }
  }

  /** Widens an IEEE 754 binary16 number; a NaN keeps its payload. */
  static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >> 10 & 0x1F;
    int fraction = half & 0x3FF;
    if (exponent == 0) {
      // Zero or subnormal: fraction · 2^-24 is exact in a float.
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int bits = exponent == 31 ? 0x7F800000 : exponent + 127 - 15 << 23;
    return Float.intBitsToFloat(sign | bits | fraction << 13);
  }
}
