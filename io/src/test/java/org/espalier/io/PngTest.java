package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PngTest {
  @TempDir Path folder;

  @Property(tries = 40)
  void anotherReaderSeesThePixels(
      @ForAll @IntRange(min = 1, max = 40) int height,
      @ForAll @IntRange(min = 1, max = 40) int width,
      @ForAll boolean colour,
      @ForAll long seed)
      throws IOException {
    int channels = colour ? 3 : 1;
    byte[] pixels = new byte[height * width * channels];
    new java.util.Random(seed).nextBytes(pixels);
    BufferedImage read =
        ImageIO.read(new ByteArrayInputStream(Png.encode(height, width, channels, pixels)));
    assertEquals(height, read.getHeight());
    assertEquals(width, read.getWidth());
    for (int i = 0; i < height * width; i++) {
      for (int channel = 0; channel < channels; channel++) {
        assertEquals(
            pixels[i * channels + channel] & 0xFF,
            read.getRaster().getSample(i % width, i / width, channel));
      }
    }
  }

  @Test
  void tensorsAreRoundedToTheNearestByte() throws IOException {
    Path file = folder.resolve("a.png");
    Png.write(file, Tensor.of(Shape.of(1, 3, 1), 0f, 0.499f / 255, 254.6f / 255));
    BufferedImage read = ImageIO.read(file.toFile());
    assertEquals(0, read.getRaster().getSample(1, 0, 0));
    assertEquals(255, read.getRaster().getSample(2, 0, 0));
  }

  @Test
  void valuesOutsideZeroToOneAreRefusedAndNothingIsWritten() {
    Path file = folder.resolve("a.png");
    for (float bad : new float[] {-0.01f, 1.01f, Float.NaN}) {
      assertThrows(
          IllegalArgumentException.class, () -> Png.write(file, Tensor.of(Shape.of(1, 1, 1), bad)));
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void shapesThatAreNoPictureAreRefused() {
    assertThrows(ShapeException.class, () -> Png.encode(1, 1, 2, new byte[2]));
    assertThrows(ShapeException.class, () -> Png.encode(0, 1, 1));
    assertThrows(ShapeException.class, () -> Png.encode(2, 1, 1, new byte[1]));
    assertThrows(
        ShapeException.class, () -> Png.write(folder.resolve("a.png"), Tensor.zeros(2, 2)));
  }
}
