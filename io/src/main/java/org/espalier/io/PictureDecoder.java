package org.espalier.io;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.espalier.io.PictureOptions.Alpha;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Decodes pictures by ImageIO; the one class that needs the module {@code java.desktop}, so it is
 * reached only through {@link Pictures}, which looks for the module first.
 */
final class PictureDecoder {
  private static final long MOST_PIXELS = 100_000_000;

  private PictureDecoder() {}

  /** Returns the picture in its own size, channels and background as the options say. */
  static Tensor decode(String where, byte[] bytes, PictureOptions options) {
    return samples(decode(where, bytes), where, options);
  }

  private static BufferedImage decode(String where, byte[] bytes) {
    ImageReader reader = ImageIO.getImageReadersByFormatName(format(where, bytes)).next();
    try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(stream, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      if (pixels > MOST_PIXELS) {
        throw new FormatException(
            where
                + ": got a picture of "
                + reader.getHeight(0)
                + "x"
                + reader.getWidth(0)
                + " pixels, expected at most "
                + MOST_PIXELS);
      }
      return reader.read(0);
    } catch (FormatException known) {
      throw known;
    } catch (IOException | RuntimeException damage) {
      // The decoders answer some damage with exceptions of their own arithmetic.
      throw new FormatException(
          where + ": a damaged or unsupported picture (" + damage.getMessage() + ")", damage);
    } finally {
      reader.dispose();
    }
  }

  private static String format(String where, byte[] bytes) {
    if (bytes.length > 8 && (bytes[0] & 0xFF) == 0x89 && bytes[1] == 'P' && bytes[2] == 'N') {
      return "png";
    }
    if (bytes.length > 2 && (bytes[0] & 0xFF) == 0xFF && (bytes[1] & 0xFF) == 0xD8) {
      return "jpeg";
    }
    throw new FormatException(where + ": neither a PNG nor a JPEG picture");
  }

  private static Tensor samples(BufferedImage image, String where, PictureOptions options) {
    int channels = options.colour().channels();
    Tensor picture = Tensor.zeros(image.getHeight(), image.getWidth(), channels);
    float[] pixel = new float[4];
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        sample(image, x, y, pixel);
        lay(pixel, options.alpha(), where, y, x);
        int at = (y * image.getWidth() + x) * channels;
        if (options.colour() == Colour.GREY) {
          picture.f32()[at] = luma(pixel);
        } else {
          System.arraycopy(pixel, 0, picture.f32(), at, channels);
        }
      }
    }
    return picture;
  }

  /** Writes red, green, blue and alpha of a pixel, 0 to 1. */
  private static void sample(BufferedImage image, int x, int y, float[] pixel) {
    if (image.getColorModel() instanceof IndexColorModel) {
      int argb = image.getRGB(x, y);
      pixel[0] = (argb >> 16 & 0xFF) / 255f;
      pixel[1] = (argb >> 8 & 0xFF) / 255f;
      pixel[2] = (argb & 0xFF) / 255f;
      pixel[3] = (argb >>> 24) / 255f;
      return;
    }
    // Not by getRGB: it takes grey samples for linear light and brightens them.
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    boolean hasAlpha = image.getColorModel().hasAlpha();
    boolean grey = bands - (hasAlpha ? 1 : 0) == 1;
    for (int channel = 0; channel < 3; channel++) {
      pixel[channel] = band(raster, x, y, grey ? 0 : channel);
    }
    pixel[3] = hasAlpha ? band(raster, x, y, bands - 1) : 1;
  }

  private static float band(Raster raster, int x, int y, int band) {
    float most = (1 << raster.getSampleModel().getSampleSize(band)) - 1;
    return raster.getSample(x, y, band) / most;
  }

  private static void lay(float[] pixel, Alpha alpha, String where, int y, int x) {
    float opacity = pixel[3];
    if (opacity == 1) {
      return;
    }
    if (alpha.refused()) {
      throw new FormatException(
          where
              + ": row "
              + y
              + ", column "
              + x
              + ": the picture is transparent there; state a background to lay it on");
    }
    pixel[0] = opacity * pixel[0] + (1 - opacity) * alpha.red();
    pixel[1] = opacity * pixel[1] + (1 - opacity) * alpha.green();
    pixel[2] = opacity * pixel[2] + (1 - opacity) * alpha.blue();
  }

  private static float luma(float[] pixel) {
    // A grey pixel keeps its value to the last bit, which the weights alone do not ensure.
    return pixel[0] == pixel[1] && pixel[1] == pixel[2]
        ? pixel[0]
        : 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
  }
}
