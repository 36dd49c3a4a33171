package org.espalier.tensor.internal;

/**
 * Says where the pixels of one image lie: the channels of pixel (y, x) start at {@code at + y ·
 * line + x · step}.
 *
 * @param array holds the image
 * @param at index of pixel (0, 0); may be negative where the first rows are not there
 * @param line floats between two rows
 * @param step floats between two pixels of a row
 */
record PixelPlane(float[] array, int at, int line, int step) {
  /** What pixels outside an image are read from: one vector, again and again. */
  private static final float[] ZEROS = new float[VectorPanels.LANES];

  /** Returns the plane of one image of a channels-last batch. */
  static PixelPlane of(float[] array, int image, int height, int width, int channels) {
    int line = width * channels;
    return new PixelPlane(array, image * height * line, line, channels);
  }

  /** Returns the plane of rows from {@code first} on that are a vector a pixel in {@code array}. */
  static PixelPlane vectors(float[] array, int first, int width) {
    int line = width * VectorPanels.LANES;
    return new PixelPlane(array, -first * line, line, VectorPanels.LANES);
  }

  /** Returns the plane of the pixels that an axis pair places its outputs on. */
  PixelPlane outputs(WindowAxis rows, WindowAxis columns) {
    int first = place(rows.place(0), columns.place(0));
    return first == at && rows.step() == 1 && columns.step() == 1
        ? this
        : new PixelPlane(array, first, rows.step() * line, columns.step() * step);
  }

  /** Returns the index of a pixel's first channel. */
  int place(int y, int x) {
    return at + y * line + x * step;
  }

  /**
   * Returns the array to read row {@code y} from: zeros where the image of {@code height} rows has
   * no such row. (Three answers of a number each, since rows are asked for so often that a record
   * would be most of a step's garbage.)
   */
  float[] rowArray(int y, int height) {
    return y >= 0 && y < height ? array : ZEROS;
  }

  /** Returns the index of a channel of the first pixel of row {@code y} in its array. */
  int rowStart(int y, int height, int channel) {
    return y >= 0 && y < height ? place(y, 0) + channel : 0;
  }

  /** Returns the floats between two pixels of row {@code y}: 0 where there is none. */
  int rowStep(int y, int height) {
    return y >= 0 && y < height ? step : 0;
  }

  /**
   * Returns a plane whose rows {@code first} to {@code end} may be read by whole vectors: this one,
   * or where pixels of fewer {@code channels} end with the array, a copy.
   *
   * @param ahead whether to read those rows ahead
   * @param copy receives the copy, or a number that means nothing (modified)
   */
  PixelPlane readable(int first, int end, int channels, boolean ahead, float[] copy) {
    if (channels < VectorPanels.LANES && place(end, 0) + VectorPanels.LANES > array.length) {
      System.arraycopy(array, place(first, 0), copy, 0, (end - first) * line);
      return new PixelPlane(copy, -first * line, line, step);
    }
    if (ahead) {
      copy[0] = ReadAhead.lines(array, place(first, 0), place(end, 0));
    }
    return this;
  }

  /**
   * Copies rows {@code first} to {@code end} of fewer channels than a vector has lanes from a plane
   * of a vector a pixel: by whole vectors where what is written too far is overwritten next.
   */
  void pack(PixelPlane vectors, int first, int end, int width, int channels) {
    boolean dense = step == channels && line == width * channels;
    int limit = dense ? at + end * line - VectorPanels.LANES : Integer.MIN_VALUE;
    for (int y = first; y < end; y++) {
      int from = vectors.place(y, 0);
      int to = place(y, 0);
      for (int x = 0; x < width; x++) {
        if (to <= limit) {
          VectorPanels.copyVector(vectors.array, from, array, to);
        } else {
          VectorPanels.copy(vectors.array, from, array, to, channels);
        }
        from += vectors.step;
        to += step;
      }
    }
  }
}
