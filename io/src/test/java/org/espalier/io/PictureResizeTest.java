package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PictureResizeTest {
  private static Tensor row(float... values) {
    return Tensor.of(Shape.of(1, values.length, 1), values);
  }

  private static float[] stretched(Tensor picture, int height, int width) {
    return PictureResize.to(picture, height, width, Resize.STRETCH, "t").f32();
  }

  @Test
  void enlargingInterpolatesBetweenPixelCentres() {
    assertArrayEquals(new float[] {0, 0.25f, 0.75f, 1}, stretched(row(0, 1), 1, 4), 1e-6f);
  }

  @Test
  void halvingWeighsFourNeighboursByATriangle() {
    assertArrayEquals(
        new float[] {(3 * 1 + 3 * 2 + 1 * 3) / 7f, (1 * 2 + 3 * 3 + 3 * 4) / 7f},
        stretched(row(1, 2, 3, 4), 1, 2),
        1e-6f);
  }

  @Test
  void bothAxesAreResizedAndChannelsKeptApart() {
    Tensor picture = Tensor.of(Shape.of(2, 1, 2), 0f, 10f, 1f, 20f);
    assertArrayEquals(
        new float[] {0, 10, 0.25f, 12.5f, 0.75f, 17.5f, 1, 20}, stretched(picture, 4, 1), 1e-5f);
  }

  @Property(tries = 60)
  void aConstantPictureStaysConstant(
      @ForAll @IntRange(min = 1, max = 30) int height,
      @ForAll @IntRange(min = 1, max = 30) int width,
      @ForAll @IntRange(min = 1, max = 30) int newHeight,
      @ForAll @IntRange(min = 1, max = 30) int newWidth) {
    Tensor picture = Tensor.full(DType.F32, Shape.of(height, width, 3), 0.5);
    for (Resize how : new Resize[] {Resize.STRETCH, Resize.CROP}) {
      Tensor resized = PictureResize.to(picture, newHeight, newWidth, how, "t");
      assertEquals(Shape.of(newHeight, newWidth, 3), resized.shape());
      for (float value : resized.f32()) {
        assertEquals(0.5f, value, 1e-6f);
      }
    }
    Tensor padded = PictureResize.to(picture, newHeight, newWidth, Resize.PAD, "t");
    for (float value : padded.f32()) {
      assertEquals(0.5f, value < 0.25f ? value + 0.5f : value, 1e-6f);
    }
  }

  @Test
  void cropKeepsTheMiddle() {
    Tensor picture = row(1, 2, 3, 4, 5);
    assertArrayEquals(new float[] {3}, PictureResize.to(picture, 1, 1, Resize.CROP, "t").f32());
    Tensor wide =
        PictureResize.to(
            Tensor.of(Shape.of(2, 4, 1), 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f), 2, 2, Resize.CROP, "t");
    assertArrayEquals(new float[] {2, 3, 6, 7}, wide.f32());
  }

  @Test
  void padShowsAllBetweenBlackBars() {
    Tensor padded = PictureResize.to(row(1, 1, 1, 1), 4, 4, Resize.PAD, "t");
    assertArrayEquals(new float[] {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, padded.f32());
  }

  @Test
  void theRightSizeIsLeftAloneAndAnotherRefused() {
    Tensor picture = row(1, 2);
    assertSame(picture, PictureResize.to(picture, 1, 2, Resize.REFUSE, "t"));
    assertEquals(
        "a.png: got a picture of 1x2 pixels, expected 3x3; state a way to resize it, or change the"
            + " file",
        assertThrows(
                FormatException.class,
                () -> PictureResize.to(picture, 3, 3, Resize.REFUSE, "a.png"))
            .getMessage());
  }
}
