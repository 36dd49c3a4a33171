package org.espalier.io;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Writes PNG pictures (ISO/IEC 15948), 8 bits a channel, grey or RGB, without AWT: it needs only
 * {@code java.base}.
 */
public final class Png {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int GREY = 0;
  private static final int RGB = 2;

  private Png() {}

  /**
   * Writes a picture.
   *
   * @param file replaced as a whole
   * @param pixels {@code [h, w, 1]} or {@code [h, w, 3]}, values 0 to 1; {@code round(255·x)} is
   *     stored, and a value outside, or NaN, is an error
   */
  public static void write(Path file, Tensor pixels) throws IOException {
    byte[] bytes = bytes(pixels);
    AtomicFile.write(
        file,
        out ->
            encode(
                out,
                pixels.shape().size(0),
                pixels.shape().size(1),
                pixels.shape().size(2),
                bytes));
  }

  /**
   * Returns a picture as the bytes of a PNG file.
   *
   * @param height rows
   * @param width columns
   * @param channels 1 or 3
   * @param pixels row-major, channels last, unsigned
   */
  public static byte[] encode(int height, int width, int channels, byte... pixels) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      encode(out, height, width, channels, pixels);
    } catch (IOException impossible) {
      throw new AssertionError("png: a byte array cannot fail", impossible);
    }
    return out.toByteArray();
  }

  private static byte[] bytes(Tensor pixels) {
    if (pixels.shape().rank() != 3) {
      throw new ShapeException("png: expected pixels [h, w, c], got " + pixels.shape());
    }
    byte[] bytes = new byte[pixels.count()];
    for (int i = 0; i < bytes.length; i++) {
      double value = pixels.get(i);
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException(
            "png: element " + i + " is " + value + ", expected 0 to 1");
      }
      bytes[i] = (byte) Math.round(255 * value);
    }
    return bytes;
  }

  private static void encode(OutputStream out, int height, int width, int channels, byte... pixels)
      throws IOException {
    if (height < 1 || width < 1 || channels != 1 && channels != 3) {
      throw new ShapeException(
          "png: cannot write a picture ["
              + height
              + ", "
              + width
              + ", "
              + channels
              + "]; it needs pixels, and 1 or 3 channels");
    }
    if (pixels.length != (long) height * width * channels) {
      throw new ShapeException(
          "png: "
              + pixels.length
              + " bytes do not fill ["
              + height
              + ", "
              + width
              + ", "
              + channels
              + "]");
    }
    out.write(SIGNATURE);
    chunk(out, "IHDR", header(height, width, channels));
    chunk(out, "IDAT", compressed(height, width * channels, pixels));
    chunk(out, "IEND");
  }

  private static byte[] header(int height, int width, int channels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream data = new DataOutputStream(bytes);
    data.writeInt(width);
    data.writeInt(height);
    // Bit depth, colour type, then compression, filter and interlace methods, of which 0 is plain.
    data.write(new byte[] {8, (byte) (channels == 1 ? GREY : RGB), 0, 0, 0});
    return bytes.toByteArray();
  }

  private static byte[] compressed(int height, int rowLength, byte... pixels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try (DeflaterOutputStream zlib = new DeflaterOutputStream(bytes, deflater)) {
      for (int row = 0; row < height; row++) {
        // Each row begins with the number of its filter; 0 stores the bytes as they are.
        zlib.write(0);
        zlib.write(pixels, row * rowLength, rowLength);
      }
    } finally {
      deflater.end();
    }
    return bytes.toByteArray();
  }

  private static void chunk(OutputStream out, String type, byte... contents) throws IOException {
    DataOutputStream data = new DataOutputStream(out);
    data.writeInt(contents.length);
    CheckedOutputStream checked = new CheckedOutputStream(out, new CRC32());
    checked.write(type.getBytes(StandardCharsets.US_ASCII));
    checked.write(contents);
    data.writeInt((int) checked.getChecksum().getValue());
  }
}
