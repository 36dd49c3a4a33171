package org.espalier.io.data;

/** Paints anti-aliased areas, given by signed distances, on a square RGB picture. */
final class Canvas {
  private static final int CHANNELS = 3;

  private final int side;
  private final double[] values;

  Canvas(int side) {
    this.side = side;
    this.values = new double[side * side * CHANNELS];
  }

  /** Gives the signed distance of a pixel's centre from an area's edge, in pixels. */
  @FunctionalInterface
  interface Area {
    /** Returns a negative distance inside, a positive one outside. */
    double distance(double x, double y);
  }

  /** Fills the picture with a colour that changes evenly from the upper left to the lower right. */
  void gradient(double[] from, double[] to) {
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        double part = (x + y) / (2.0 * (side - 1));
        for (int channel = 0; channel < CHANNELS; channel++) {
          values[(y * side + x) * CHANNELS + channel] =
              from[channel] + part * (to[channel] - from[channel]);
        }
      }
    }
  }

  /** Paints an area in one colour; a pixel on the edge is covered in part. */
  void paint(Area area, double[] colour) {
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        double cover = Math.max(0, Math.min(1, 0.5 - area.distance(x + 0.5, y + 0.5)));
        for (int channel = 0; cover > 0 && channel < CHANNELS; channel++) {
          int i = (y * side + x) * CHANNELS + channel;
          values[i] += cover * (colour[channel] - values[i]);
        }
      }
    }
  }

  /** Gives the noise to add to an element. */
  @FunctionalInterface
  interface Noise {
    /** Returns the noise of element {@code i}. */
    double at(int i);
  }

  /** Returns the picture as bytes, noise added and clamped to black and white. */
  byte[] develop(Noise noise) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      double value = Math.max(0, Math.min(1, values[i] + noise.at(i)));
      bytes[i] = (byte) Math.round(255 * value);
    }
    return bytes;
  }
}
