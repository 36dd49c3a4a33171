package org.espalier.tensor.internal;

/** Does the inner loops of {@link SparseConv}, with plain loops or with vectors. */
interface SparseLoops {
  /** Numbers of a square that is turned at once. */
  int SQUARE = 256;

  /** Returns the floats in a vector, the step in which strips are wide. */
  int lanes();

  /**
   * Returns {@code Σ values[k] · x[places[k]]} over k from {@code from} to {@code to}.
   *
   * @param at where x begins in its array
   */
  float dot(int[] places, float[] values, int from, int to, float[] x, int at);

  /**
   * Sums a strip of some outputs over one block of input channels.
   *
   * @param form the weight
   * @param block number of the block
   * @param from first output
   * @param to end of the outputs
   * @param planes the inputs
   * @param strip the places
   * @param start a vector for each output of the form to start from, or null to go on from the sums
   * @param sums receives a row for each output from {@code from} on (modified)
   */
  void sum(
      SparseForm form,
      int block,
      int from,
      int to,
      float[] planes,
      SparseLayout.Strip strip,
      float[] start,
      float[] sums);

  /**
   * Copies the channels of pixels to a vector of places in their planes, zeros where there is no
   * pixel.
   *
   * @param x the images
   * @param first where the first pixel of the block begins
   * @param channels numbers of a pixel
   * @param from first channel to copy
   * @param to end of the channels to copy
   * @param sources the pixel of each place, of which a vector is read from {@code place} on
   * @param planes receives the numbers: channel c at {@code at + c · stride} (modified)
   * @param square scratch for {@link #SQUARE} numbers (modified)
   */
  void pack(
      float[] x,
      int first,
      int channels,
      int from,
      int to,
      int[] sources,
      int place,
      float[] planes,
      int at,
      int stride,
      float[] square);

  /**
   * Copies a vector of places of some outputs to their pixels.
   *
   * @param sums a row for each output, {@code wide} places each
   * @param at the first place in a row
   * @param count number of outputs, at pixels {@code channels} numbers apart
   * @param targets the pixel of each place, of which a vector is read from {@code place} on
   * @param first where the first output of the block's first pixel lies
   * @param y receives the numbers (modified)
   * @param square scratch for {@link #SQUARE} numbers (modified)
   */
  void unpack(
      float[] sums,
      int wide,
      int at,
      int count,
      int[] targets,
      int place,
      float[] y,
      int first,
      int channels,
      float[] square);
}
