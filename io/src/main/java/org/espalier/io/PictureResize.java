package org.espalier.io;

import org.espalier.io.PictureOptions.Resize;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Brings pictures to a size, bilinearly with pixel centres at halves; when a side shrinks, the
 * weights widen with it, so that every pixel counts and fine patterns do not alias.
 */
final class PictureResize {
  private PictureResize() {}

  /** Returns the picture {@code [h, w, c]} in the stated size; its own if that is the size. */
  static Tensor to(Tensor picture, int height, int width, Resize how, String where) {
    int oldHeight = picture.shape().size(0);
    int oldWidth = picture.shape().size(1);
    if (oldHeight == height && oldWidth == width) {
      return picture;
    }
    double vertical = (double) height / oldHeight;
    double horizontal = (double) width / oldWidth;
    return switch (how) {
      case REFUSE ->
          throw new FormatException(
              where
                  + ": got a picture of "
                  + oldHeight
                  + "x"
                  + oldWidth
                  + " pixels, expected "
                  + height
                  + "x"
                  + width
                  + "; state a way to resize it, or change the file");
      case STRETCH -> scaled(picture, height, width);
      case CROP ->
          placed(scaled(picture, Math.max(vertical, horizontal), height, width), height, width);
      case PAD ->
          placed(scaled(picture, Math.min(vertical, horizontal), height, width), height, width);
    };
  }

  /** Scales both sides by a factor; a side that comes within a pixel of the wanted one meets it. */
  private static Tensor scaled(Tensor picture, double factor, int height, int width) {
    return scaled(
        picture,
        side(picture.shape().size(0) * factor, height),
        side(picture.shape().size(1) * factor, width));
  }

  private static int side(double exact, int wanted) {
    return Math.abs(exact - wanted) < 1e-6 ? wanted : Math.max(1, (int) Math.round(exact));
  }

  /** Centres a picture on a black one, or cuts its middle out. */
  private static Tensor placed(Tensor picture, int height, int width) {
    int channels = picture.shape().size(2);
    int down = Math.floorDiv(height - picture.shape().size(0), 2);
    int right = Math.floorDiv(width - picture.shape().size(1), 2);
    Tensor result = Tensor.zeros(height, width, channels);
    int firstX = Math.max(0, right);
    int count = Math.min(width, picture.shape().size(1) + right) - firstX;
    for (int y = Math.max(0, down); y < Math.min(height, picture.shape().size(0) + down); y++) {
      System.arraycopy(
          picture.f32(),
          picture.offset(y - down, firstX - right, 0),
          result.f32(),
          result.offset(y, firstX, 0),
          count * channels);
    }
    return result;
  }

  private static Tensor scaled(Tensor picture, int height, int width) {
    Shape shape = picture.shape();
    int channels = shape.size(2);
    Tensor tall = Tensor.zeros(height, shape.size(1), channels);
    resample(picture, tall, 1, shape.size(0), height, shape.size(1) * channels);
    Tensor result = Tensor.zeros(height, width, channels);
    resample(tall, result, height, shape.size(1), width, channels);
    return result;
  }

  /** Resamples the middle axis of {@code [outer, from, inner]} to {@code [outer, to, inner]}. */
  private static void resample(Tensor in, Tensor out, int outer, int from, int to, int inner) {
    double scale = (double) from / to;
    double reach = Math.max(1, scale);
    for (int i = 0; i < to; i++) {
      double centre = (i + 0.5) * scale;
      int first = Math.max(0, (int) Math.floor(centre - reach));
      int last = Math.min(from - 1, (int) Math.ceil(centre + reach));
      double total = 0;
      for (int k = first; k <= last; k++) {
        total += weight(k + 0.5 - centre, reach);
      }
      for (int k = first; k <= last; k++) {
        float weight = (float) (weight(k + 0.5 - centre, reach) / total);
        for (int o = 0; weight > 0 && o < outer; o++) {
          int source = (o * from + k) * inner;
          int target = (o * to + i) * inner;
          for (int j = 0; j < inner; j++) {
            out.f32()[target + j] += weight * in.f32()[source + j];
          }
        }
      }
    }
  }

  private static double weight(double distance, double reach) {
    return Math.max(0, 1 - Math.abs(distance) / reach);
  }
}
