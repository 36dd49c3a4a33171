package org.espalier.tensor.kernel;

/**
 * Gives the windows of one two-dimensional pooling over channels-last data {@code [batch, height,
 * width, channels]}.
 *
 * <p>Windows are listed an axis: output row {@code o} reads rows {@code rowStart[o], rowStart[o] +
 * rowStep, ...} below {@code rowEnd[o]}, all of them real input rows (padding was clipped away when
 * the lists were made). That one form serves fixed, dilated, ceil-mode and adaptive windows alike.
 * An average divides by {@code rowCount[o] · columnCount[p]}, which counts padding where the caller
 * wants it counted.
 *
 * @param batch number of images
 * @param height input rows
 * @param width input columns
 * @param channels channels
 * @param rowStart first input row of each output row
 * @param rowEnd end (exclusive) of each output row's window
 * @param rowCount divisor share of each output row
 * @param rowStep rows between two taps (dilation)
 * @param columnStart first input column of each output column
 * @param columnEnd end (exclusive) of each output column's window
 * @param columnCount divisor share of each output column
 * @param columnStep columns between two taps (dilation)
 */
public record PoolGeometry(
    int batch,
    int height,
    int width,
    int channels,
    int[] rowStart,
    int[] rowEnd,
    int[] rowCount,
    int rowStep,
    int[] columnStart,
    int[] columnEnd,
    int[] columnCount,
    int columnStep) {
  /** Returns the number of output rows. */
  public int outHeight() {
    return rowStart.length;
  }

  /** Returns the number of output columns. */
  public int outWidth() {
    return columnStart.length;
  }
}
