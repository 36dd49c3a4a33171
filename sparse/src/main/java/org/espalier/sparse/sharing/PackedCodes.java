package org.espalier.sparse.sharing;

/**
 * Packs small whole numbers bit by bit: number i fills bits {@code i·bits} and up, lowest first.
 */
final class PackedCodes {
  private PackedCodes() {}

  /** Returns the bits of a code for so many values, {@code ceil(log2 values)}. */
  static int bits(int values) {
    return 32 - Integer.numberOfLeadingZeros(values - 1);
  }

  /** Returns the bytes that so many codes take. */
  static int bytes(int count, int bits) {
    return Math.toIntExact(((long) count * bits + 7) / 8);
  }

  static byte[] pack(int bits, int... codes) {
    byte[] packed = new byte[bytes(codes.length, bits)];
    for (int i = 0; i < codes.length; i++) {
      for (int b = 0; b < bits; b++) {
        long at = (long) i * bits + b;
        packed[(int) (at >> 3)] |= (byte) ((codes[i] >> b & 1) << (at & 7));
      }
    }
    return packed;
  }

  static int[] unpack(int bits, int count, byte... packed) {
    int[] codes = new int[count];
    for (int i = 0; i < count; i++) {
      for (int b = 0; b < bits; b++) {
        long at = (long) i * bits + b;
        codes[i] |= (packed[(int) (at >> 3)] >> (at & 7) & 1) << b;
      }
    }
    return codes;
  }
}
