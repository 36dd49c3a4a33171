package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.espalier.io.PictureOptions.Alpha;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {
  private static final PictureOptions RGB = PictureOptions.of(Colour.RGB);
  private static final PictureOptions GREY = PictureOptions.of(Colour.GREY);

  @TempDir Path folder;

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out));
    return out.toByteArray();
  }

  private static BufferedImage filled(int type, int height, int width, int argb) {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, argb);
      }
    }
    return image;
  }

  private static float[] read(byte[] bytes, PictureOptions options) {
    return Pictures.read("a.png", bytes, options).f32();
  }

  @Test
  void whatIsWrittenIsReadBackExactly() throws IOException {
    Path file = folder.resolve("a.png");
    Tensor picture = Tensor.zeros(5, 4, 3);
    for (int i = 0; i < picture.count(); i++) {
      picture.f32()[i] = (4 * i) / 255f;
    }
    Png.write(file, picture);
    assertTrue(picture.bitEquals(Pictures.read(file, RGB)));
  }

  @Test
  void greySamplesAreReadAsTheyAre() {
    byte[] png = Png.encode(1, 2, 1, (byte) 128, (byte) 3);
    assertArrayEquals(new float[] {128 / 255f, 3 / 255f}, read(png, GREY));
    assertArrayEquals(
        new float[] {128 / 255f, 128 / 255f, 128 / 255f, 3 / 255f, 3 / 255f, 3 / 255f},
        read(png, RGB));
  }

  @Test
  void colourBecomesGreyByLuma() {
    byte[] png = Png.encode(1, 1, 3, (byte) 255, (byte) 0, (byte) 51);
    assertArrayEquals(new float[] {0.299f + 0.114f * 0.2f}, read(png, GREY), 1e-6f);
  }

  @Test
  void sixteenBitAndPaletteFilesAreRead() throws IOException {
    BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(0, 0, 0, 32768);
    assertArrayEquals(new float[] {32768 / 65535f}, read(encoded(deep, "png"), GREY));
    BufferedImage palette = filled(BufferedImage.TYPE_BYTE_INDEXED, 1, 1, 0xFFFF0033);
    assertArrayEquals(new float[] {1, 0, 0.2f}, read(encoded(palette, "png"), RGB));
    BufferedImage bits = filled(BufferedImage.TYPE_BYTE_BINARY, 1, 1, 0xFFFFFFFF);
    assertArrayEquals(new float[] {1}, read(encoded(bits, "png"), GREY));
  }

  @Test
  void transparencyIsRefusedOrLaidOnTheStatedBackground() throws IOException {
    byte[] png = encoded(filled(BufferedImage.TYPE_INT_ARGB, 1, 1, 0x33FF0000), "png");
    String message = assertThrows(FormatException.class, () -> read(png, RGB)).getMessage();
    assertTrue(message.startsWith("a.png: row 0, column 0: the picture is transparent"), message);
    assertArrayEquals(new float[] {0.2f, 0, 0}, read(png, RGB.with(Alpha.ON_BLACK)), 1e-6f);
    assertArrayEquals(new float[] {1, 0.8f, 0.8f}, read(png, RGB.with(Alpha.ON_WHITE)), 1e-6f);
    byte[] opaque = encoded(filled(BufferedImage.TYPE_INT_ARGB, 1, 1, 0xFF00FF00), "png");
    assertArrayEquals(new float[] {0, 1, 0}, read(opaque, RGB));
  }

  @Test
  void jpegIsRead() throws IOException {
    byte[] jpeg = encoded(filled(BufferedImage.TYPE_INT_RGB, 16, 8, 0xFFFF0000), "jpeg");
    Tensor picture = Pictures.read("a.jpg", jpeg, RGB);
    assertEquals(Shape.of(16, 8, 3), picture.shape());
    assertArrayEquals(new float[] {1, 0, 0}, Arrays.copyOf(picture.f32(), 3), 0.03f);
    byte[] grey = encoded(filled(BufferedImage.TYPE_BYTE_GRAY, 8, 8, 0xFFFFFFFF), "jpeg");
    assertEquals(1, Pictures.read("a.jpg", grey, GREY).f32()[0], 0.01f);
  }

  @Test
  void aStatedSizeIsReached() {
    byte[] png = Png.encode(2, 4, 1, new byte[8]);
    assertEquals(
        Shape.of(3, 3, 3), Pictures.read("a.png", png, RGB.sized(3, 3, Resize.CROP)).shape());
    assertThrows(
        FormatException.class, () -> Pictures.read("a.png", png, RGB.sized(3, 3, Resize.REFUSE)));
  }

  @Test
  void damageIsRefusedWithoutCrash() throws IOException {
    BufferedImage noise = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int i = 0; i < 400; i++) {
      noise.setRGB(i % 20, i / 20, random.nextInt());
    }
    int refused = 0;
    for (String format : new String[] {"png", "jpeg"}) {
      byte[] good = encoded(noise, format);
      for (int round = 0; round < 150; round++) {
        byte[] bytes = Arrays.copyOf(good, round < 30 ? random.nextInt(good.length) : good.length);
        for (int flips = 0; flips < 4 && bytes.length > 0; flips++) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        try {
          Pictures.read("a.png", bytes, RGB.with(Alpha.ON_BLACK));
        } catch (FormatException expected) {
          refused++;
        }
      }
    }
    assertTrue(refused > 50, "refused " + refused);
    assertThrows(FormatException.class, () -> read(new byte[0], RGB));
    assertThrows(FormatException.class, () -> read("GIF89a...".getBytes(), RGB));
  }

  @Test
  void aHugePictureIsRefusedBeforeItIsDecoded() {
    byte[] png = Png.encode(1, 1, 1, (byte) 0);
    ByteBuffer header = ByteBuffer.wrap(png);
    header.putInt(16, 1 << 20).putInt(20, 1 << 20);
    CRC32 checksum = new CRC32();
    checksum.update(png, 12, 17);
    header.putInt(29, (int) checksum.getValue());
    String message = assertThrows(FormatException.class, () -> read(png, RGB)).getMessage();
    assertTrue(message.contains("1048576x1048576 pixels, expected at most"), message);
  }

  /** Runs in a process of its own: reads a picture and prints what happens. */
  static final class Reader {
    private Reader() {}

    /** Reads a one-pixel picture. */
    public static void main(String[] arguments) {
      try {
        PictureOptions options = PictureOptions.of(Colour.GREY);
        System.out.println(Pictures.read("a.png", Png.encode(1, 1, 1, (byte) 0), options));
      } catch (StateException expected) {
        System.out.println(expected.getMessage());
      }
    }
  }

  @Test
  void aRuntimeWithoutDesktopSaysWhatIsMissing() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules",
                "java.base",
                "-cp",
                System.getProperty("java.class.path"),
                Reader.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(output.startsWith("a.png: reading pictures needs the module java.desktop"), output);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("none.png");
    assertThrows(NoSuchFileException.class, () -> Pictures.read(file, RGB));
    assertTrue(Files.notExists(file));
  }
}
