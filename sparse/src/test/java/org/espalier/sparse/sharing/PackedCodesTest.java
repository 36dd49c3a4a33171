package org.espalier.sparse.sharing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;

class PackedCodesTest {
  @Property(tries = 100)
  void codesComeBackFromAsFewBytesAsTheyNeed(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 70) int count,
      @ForAll @IntRange(min = 1, max = 1000) int values) {
    int bits = PackedCodes.bits(values);
    int[] codes = new int[count];
    for (int i = 0; i < count; i++) {
      codes[i] = Random.of(seed).integer(i, values);
    }
    byte[] packed = PackedCodes.pack(bits, codes);
    assertEquals((count * bits + 7) / 8, packed.length);
    assertArrayEquals(codes, PackedCodes.unpack(bits, count, packed));
  }

  @Test
  void bitsAreTheLogarithmRoundedUp() {
    assertEquals(0, PackedCodes.bits(1));
    assertEquals(1, PackedCodes.bits(2));
    assertEquals(2, PackedCodes.bits(3));
    assertEquals(2, PackedCodes.bits(4));
    assertEquals(3, PackedCodes.bits(5));
    assertEquals(8, PackedCodes.bits(256));
  }

  @Test
  void theLowestBitsComeFirst() {
    assertArrayEquals(new byte[] {(byte) 0b11_10_01_00}, PackedCodes.pack(2, 0, 1, 2, 3));
  }
}
