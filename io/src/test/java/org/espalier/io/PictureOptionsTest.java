package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.espalier.io.PictureOptions.Alpha;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.junit.jupiter.api.Test;

class PictureOptionsTest {
  @Test
  void changesKeepTheRest() {
    PictureOptions options =
        PictureOptions.of(Colour.GREY).with(Alpha.ON_WHITE).sized(4, 6, Resize.PAD);
    assertEquals(new PictureOptions(Colour.GREY, Alpha.ON_WHITE, Resize.PAD, 4, 6), options);
    assertEquals(1, Colour.GREY.channels());
    assertEquals(3, Colour.RGB.channels());
  }

  @Test
  void halfASizeIsRefused() {
    PictureOptions options = PictureOptions.of(Colour.RGB);
    assertThrows(IllegalArgumentException.class, () -> options.sized(0, 5, Resize.CROP));
    assertThrows(IllegalArgumentException.class, () -> options.sized(-1, -1, Resize.CROP));
    assertThrows(IllegalArgumentException.class, () -> Alpha.on(0, 0, 255));
    assertThrows(IllegalArgumentException.class, () -> Alpha.on(Float.NaN, 0, 0));
  }
}
