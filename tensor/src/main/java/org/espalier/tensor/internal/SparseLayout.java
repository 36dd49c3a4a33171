package org.espalier.tensor.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Lays a block of images out in planes, one for each input channel and phase, in which the inputs
 * that a weight meets in neighbouring outputs are neighbours: a nonzero weight is then an offset,
 * and any run of outputs is a sum of equally long runs of the planes.
 *
 * <p>The images of a block lie one under the other, lines at the distance of the {@linkplain
 * SparseAxis#pitch pitch}, so that one run goes through all of them; what it computes for the zeros
 * between lines is thrown away. Of small images that would be a third of everything: they are
 * interleaved element by element instead, and only the zeros between their own lines are lost.
 */
final class SparseLayout {
  /** Vectors in the widest strip, the sums that a loop holds in registers. */
  static final int WIDEST = 8;

  /** Floats of a block aimed at, a quarter of an L2 cache. */
  private static final int BLOCK = 1 << 16;

  /** Most images that are interleaved. */
  private static final int MOST = 64;

  /**
   * Places of a channel within reach of a strip from which on a few dozen channels leave the L1
   * cache, and what that costs, in percent.
   */
  private static final int NEAR = 300;

  private static final int FAR_COST = 120;

  /** What a block costs that does not fit beside its images in an L2 cache, in percent. */
  private static final int LARGE_COST = 105;

  /** No place: in the padding, between images or behind the last one. */
  static final int NONE = -1;

  /**
   * Outputs computed together.
   *
   * @param base place of the first in each plane
   * @param vectors their number, 1, 2, 4 or {@link #WIDEST} vectors
   */
  record Strip(int base, int vectors) {}

  private final ConvGeometry g;
  private final int lanes;
  private final SparseAxis rows;
  private final SparseAxis columns;
  private final int[] rowPhases;
  private final int[] columnPhases;
  private final int rowPitch;
  private final int columnPitch;
  private final int interleaved;
  private final int margin;
  private final int plane;
  private final int[] sources;
  private final int[] targets;
  private final List<Strip> strips;

  /**
   * Creates the layout of a block.
   *
   * @param g the convolution; its batch is the number of images in the block
   * @param lanes floats in a vector
   */
  SparseLayout(ConvGeometry g, int lanes) {
    this.g = g;
    this.lanes = lanes;
    rows = rows(g);
    columns = columns(g);
    rowPhases = rows.phases();
    columnPhases = columns.phases();
    rowPitch = rows.pitch();
    columnPitch = columns.pitch();
    interleaved = interleaved(g, lanes);
    margin = (rows.before() * columnPitch + columns.before()) * interleaved;
    int stacked = (g.batch() + interleaved - 1) / interleaved;
    int places = stacked * rowPitch * columnPitch * interleaved;
    // An odd number of vectors, else the planes compete for a few lines of the cache.
    plane = ((margin + places + lanes - 1) / lanes | 1) * lanes;
    sources = sources();
    targets = targets(places);
    strips = strips(places);
  }

  private static SparseAxis rows(ConvGeometry g) {
    return new SparseAxis(
        g.inHeight(),
        g.outHeight(),
        g.kernelHeight(),
        g.strideHeight(),
        g.dilationHeight(),
        g.padTop());
  }

  private static SparseAxis columns(ConvGeometry g) {
    return new SparseAxis(
        g.inWidth(),
        g.outWidth(),
        g.kernelWidth(),
        g.strideWidth(),
        g.dilationWidth(),
        g.padLeft());
  }

  /** Returns how many images lie element by element, 1 where they lie one under the other. */
  private static int interleaved(ConvGeometry g, int lanes) {
    int best = 1;
    if (hasGaps(g)) {
      long least = cycles(g, Math.max(1, Math.min(g.batch(), stacked(g, lanes))), 1, lanes);
      for (int images = 2; images <= Math.min(MOST, g.batch()); images *= 2) {
        long cycles = cycles(g, images, images, lanes);
        if (cycles < least) {
          least = cycles;
          best = images;
        }
      }
    }
    return best;
  }

  /** Tells whether there are places that are no outputs. */
  private static boolean hasGaps(ConvGeometry g) {
    return columns(g).pitch() > g.outWidth() || rows(g).pitch() > g.outHeight();
  }

  /** Returns the rough processor cycles of a weight for each image, ten thousand times. */
  private static long cycles(ConvGeometry g, int images, int interleaved, int lanes) {
    int lines = (images / interleaved - 1) * rows(g).pitch() + g.outHeight();
    int pitch = columns(g).pitch();
    int run = (lines * pitch - (pitch - g.outWidth())) * interleaved;
    int vectors = (run + lanes - 1) / lanes;
    long cycles = vectors / WIDEST * 17L;
    int rest = vectors % WIDEST;
    cycles += rest > 6 ? 17 : (rest & 4) * 11 / 4 + ((rest & 3) == 3 ? 11 : rest % 4 * 4);
    int reach = WIDEST * lanes + (rows(g).before() + rows(g).behind()) * pitch * interleaved;
    long cost =
        cycles
            * (reach > NEAR ? FAR_COST : 100)
            * (images > Math.max(1, fitting(g)) ? LARGE_COST : 100);
    return cost / images;
  }

  /** Returns how many images of a block fit the cache, 0 where one does not. */
  private static int fitting(ConvGeometry g) {
    int places = rows(g).pitch() * columns(g).pitch();
    int phases = rows(g).phases().length * columns(g).phases().length;
    return (int) (BLOCK / Math.max(1, (long) places * phases * g.inChannels()));
  }

  /** Returns the images of a block that lie one under the other. */
  private static int stacked(ConvGeometry g, int lanes) {
    int places = Math.max(1, rows(g).pitch() * columns(g).pitch());
    return Math.max(1, Math.max(fitting(g), (WIDEST * lanes + places - 1) / places));
  }

  /** Returns the images of a block: as many as the cache holds, and enough for a strip. */
  static int together(ConvGeometry g, int lanes) {
    int interleaved = interleaved(g, lanes);
    int images = interleaved > 1 ? interleaved : stacked(g, lanes);
    return Math.max(1, Math.min(g.batch(), images));
  }

  private int phaseOf(int rowPhase, int columnPhase) {
    return Arrays.binarySearch(rowPhases, rowPhase) * columnPhases.length
        + Arrays.binarySearch(columnPhases, columnPhase);
  }

  private int place(int image, int row, int column) {
    int line = image / interleaved * rowPitch + row;
    return (line * columnPitch + column) * interleaved + image % interleaved;
  }

  /** Finds for each place of each phase's plane the pixel of the block that lies there. */
  private int[] sources() {
    int[] found = new int[phases() * plane];
    Arrays.fill(found, NONE);
    for (int rowPhase : rowPhases) {
      for (int columnPhase : columnPhases) {
        int at = phaseOf(rowPhase, columnPhase) * plane + margin;
        int high = rows.length(rowPhase);
        int wide = columns.length(columnPhase);
        for (int image = 0; image < g.batch(); image++) {
          for (int y = 0; y < high; y++) {
            int line = (image * g.inHeight() + rowPhase + y * g.strideHeight()) * g.inWidth();
            for (int x = 0; x < wide; x++) {
              found[at + place(image, y, x)] = line + columnPhase + x * g.strideWidth();
            }
          }
        }
      }
    }
    return found;
  }

  /** Finds for each place the output pixel of the block that is computed there. */
  private int[] targets(int places) {
    int[] found = new int[places + WIDEST * lanes];
    Arrays.fill(found, NONE);
    for (int image = 0; image < g.batch(); image++) {
      for (int y = 0; y < g.outHeight(); y++) {
        for (int x = 0; x < g.outWidth(); x++) {
          found[place(image, y, x)] = (image * g.outHeight() + y) * g.outWidth() + x;
        }
      }
    }
    return found;
  }

  private List<Strip> strips(int places) {
    List<Strip> cut = new ArrayList<>();
    int end = places;
    while (end > 0 && targets[end - 1] == NONE) {
      end--;
    }
    cut(0, end, cut);
    return cut;
  }

  /** Cuts a run into strips; three vectors are left to a strip of four, seven to the widest. */
  private void cut(int from, int to, List<Strip> cut) {
    int at = from;
    while (at < to) {
      int left = (to - at + lanes - 1) / lanes;
      int vectors = Math.min(WIDEST, Integer.highestOneBit(left));
      if (left == 3 || left == 7) {
        vectors = left + 1;
      }
      cut.add(new Strip(at, vectors));
      at += vectors * lanes;
    }
  }

  /** Returns the number of planes of a channel. */
  int phases() {
    return rowPhases.length * columnPhases.length;
  }

  /** Returns the floats of a plane. */
  int plane() {
    return plane;
  }

  /** Returns the floats of all planes, and of what the last strip reads behind them. */
  long size() {
    return (long) g.inChannels() * phases() * plane + WIDEST * lanes;
  }

  /** Returns the places that the taps of a strip reach in the planes of one channel. */
  int reach() {
    int span = ((rows.before() + rows.behind()) * columnPitch) * interleaved;
    return phases() * (WIDEST * lanes + span);
  }

  /**
   * Returns what to add to the place of an output for the input that a weight meets.
   *
   * @param channel input channel
   * @param row kernel row
   * @param column kernel column
   */
  int offset(int channel, int row, int column) {
    int phase = phaseOf(rows.phase(row), columns.phase(column));
    int shift = (rows.shift(row) * columnPitch + columns.shift(column)) * interleaved;
    return (channel * phases() + phase) * plane + margin + shift;
  }

  /** Returns the strips that cover all outputs. */
  List<Strip> strips() {
    return strips;
  }

  /** Returns the pixel of the block at each place of each phase's plane, or {@link #NONE}. */
  int[] sourcesShared() {
    return sources;
  }

  /** Returns the output pixel of the block at each place, or {@link #NONE}. */
  int[] targetsShared() {
    return targets;
  }
}
