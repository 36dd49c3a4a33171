package org.espalier.tensor.internal;

import java.util.Arrays;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Sums, for each destination pixel and row of factors, the source numbers its taps read times the
 * factors: the forward pass of a convolution and, read backwards, its input gradient.
 *
 * <p>Panel rows run along the pixels, of which there are many, so that layers of a few channels are
 * fast too. Backwards with a stride, pixels are taken phase by phase: those of one phase meet the
 * same taps, and no product with a certain zero is made. The sum of a pixel runs over taps, then
 * channels, in one chain.
 */
final class ScalarGather {
  private final ConvAxis rows;
  private final ConvAxis columns;
  private final int batch;
  private final int groups;

  /** Source channels that one destination channel reads. */
  private final int groupSource;

  private final int destinationChannels;
  private final float[] source;
  private final float[] destination;

  ScalarGather(
      ConvAxis rows,
      ConvAxis columns,
      ConvGeometry g,
      int groupSource,
      int destinationChannels,
      float[] source,
      float[] destination) {
    this.rows = rows;
    this.columns = columns;
    this.batch = g.batch();
    this.groups = g.groups();
    this.groupSource = groupSource;
    this.destinationChannels = destinationChannels;
    this.source = source;
    this.destination = destination;
  }

  /**
   * Computes all destination pixels.
   *
   * @param factors {@code [destinationChannels, taps, groupSource]}
   * @param bias one number a destination channel, or null
   */
  void run(float[] factors, float[] bias) {
    for (int y = 0; y < Math.min(rows.divide(), rows.destination()); y++) {
      for (int x = 0; x < Math.min(columns.divide(), columns.destination()); x++) {
        new Phase(y, x, factors, bias).run();
      }
    }
  }

  /** Computes the pixels whose row and column leave given remainders modulo the stride. */
  private final class Phase {
    private final int firstRow;
    private final int firstColumn;
    private final int height;
    private final int width;
    private final int[] tapRow;
    private final int[] tapColumn;
    private final float[] factors;
    private final float[] bias;

    Phase(int firstRow, int firstColumn, float[] allFactors, float[] bias) {
      this.firstRow = firstRow;
      this.firstColumn = firstColumn;
      this.height = ScalarGemm.tiles(rows.destination() - firstRow, rows.divide());
      this.width = ScalarGemm.tiles(columns.destination() - firstColumn, columns.divide());
      int all = rows.taps() * columns.taps();
      int[] met = new int[all];
      int count = 0;
      for (int tap = 0; tap < all; tap++) {
        if (rows.meets(firstRow, tap / columns.taps())
            && columns.meets(firstColumn, tap % columns.taps())) {
          met[count++] = tap;
        }
      }
      this.tapRow = Arrays.stream(met, 0, count).map(tap -> tap / columns.taps()).toArray();
      this.tapColumn = Arrays.stream(met, 0, count).map(tap -> tap % columns.taps()).toArray();
      this.factors = count == all ? allFactors : select(allFactors, Arrays.copyOf(met, count));
      this.bias = bias;
    }

    private float[] select(float[] allFactors, int[] met) {
      int all = rows.taps() * columns.taps();
      float[] selected = new float[destinationChannels * met.length * groupSource];
      for (int row = 0; row < destinationChannels; row++) {
        for (int t = 0; t < met.length; t++) {
          System.arraycopy(
              allFactors,
              (row * all + met[t]) * groupSource,
              selected,
              (row * met.length + t) * groupSource,
              groupSource);
        }
      }
      return selected;
    }

    void run() {
      int pixels = batch * height * width;
      int blocks = ScalarGemm.tiles(pixels, ScalarGemm.WIDTH);
      int group = destinationChannels / groups;
      int downTiles = ScalarGemm.tiles(group, ScalarGemm.HEIGHT);
      int terms = tapRow.length * groupSource;
      long work =
          (long) Math.min(pixels, ScalarGemm.WIDTH)
              * Math.min(group, ScalarGemm.HEIGHT)
              * Math.max(terms, 1)
              / 4;
      Parallel.range(
          blocks * groups * downTiles,
          Parallel.grain(work),
          (from, to) -> {
            Block block = new Block(Math.min(pixels, ScalarGemm.WIDTH), terms, group);
            for (int unit = from; unit < to; unit++) {
              int tile = unit % (groups * downTiles);
              int top = tile % downTiles * ScalarGemm.HEIGHT;
              int first = unit / (groups * downTiles) * ScalarGemm.WIDTH;
              block.aim(first, Math.min(ScalarGemm.WIDTH, pixels - first));
              block.run(
                  tile / downTiles,
                  tile / downTiles * group + top,
                  Math.min(ScalarGemm.HEIGHT, group - top));
            }
          });
    }

    /** Computes some destination channels of some neighbouring pixels. */
    private final class Block {
      private final int[][] reads;
      private final int[] writes;
      private final float[][] panel;
      private final float[][] sums;
      private int first = -1;
      private int count;

      Block(int pixels, int terms, int group) {
        reads = new int[tapRow.length][pixels];
        writes = new int[pixels];
        panel = new float[Math.min(terms, ScalarGemm.DEPTH)][pixels];
        sums = new float[Math.min(group, ScalarGemm.HEIGHT)][pixels];
      }

      /** Finds where each pixel is written and where its taps read; -1 is a zero of the padding. */
      void aim(int newFirst, int newCount) {
        if (newFirst == first) {
          return;
        }
        first = newFirst;
        count = newCount;
        int channels = groupSource * groups;
        for (int p = 0; p < count; p++) {
          int x = firstColumn + (first + p) % width * columns.divide();
          int y = firstRow + (first + p) / width % height * rows.divide();
          int image = (first + p) / width / height;
          writes[p] =
              ((image * rows.destination() + y) * columns.destination() + x) * destinationChannels;
          for (int t = 0; t < tapRow.length; t++) {
            int sy = rows.read(y, tapRow[t]);
            int sx = columns.read(x, tapColumn[t]);
            boolean padding = sy < 0 || sx < 0;
            reads[t][p] =
                padding ? -1 : ((image * rows.source() + sy) * columns.source() + sx) * channels;
          }
        }
      }

      void run(int group, int firstChannel, int channels) {
        for (int r = 0; r < channels; r++) {
          Arrays.fill(sums[r], 0, count, bias == null ? 0 : bias[firstChannel + r]);
        }
        int terms = tapRow.length * groupSource;
        for (int from = 0; from < terms; from += ScalarGemm.DEPTH) {
          int depth = Math.min(ScalarGemm.DEPTH, terms - from);
          fill(group * groupSource, from, depth);
          for (int r = 0; r < channels; r++) {
            ScalarGemm.addRows(
                factors, (firstChannel + r) * terms + from, 1, panel, depth, count, sums[r]);
          }
        }
        for (int r = 0; r < channels; r++) {
          float[] sum = sums[r];
          for (int p = 0; p < count; p++) {
            destination[writes[p] + firstChannel + r] = sum[p];
          }
        }
      }

      private void fill(int firstSource, int from, int depth) {
        int p = 0;
        while (p < depth) {
          int[] read = reads[(from + p) / groupSource];
          int channel = (from + p) % groupSource;
          int run = Math.min(depth - p, groupSource - channel);
          if (run >= 4) {
            four(read, firstSource + channel, p);
            p += 4;
          } else {
            one(read, firstSource + channel, panel[p]);
            p++;
          }
        }
      }

      private void one(int[] read, int channel, float[] to) {
        for (int p = 0; p < count; p++) {
          to[p] = read[p] < 0 ? 0 : source[read[p] + channel];
        }
      }

      private void four(int[] read, int channel, int row) {
        float[] to0 = panel[row];
        float[] to1 = panel[row + 1];
        float[] to2 = panel[row + 2];
        float[] to3 = panel[row + 3];
        for (int p = 0; p < count; p++) {
          int at = read[p] + channel;
          boolean padding = read[p] < 0;
          to0[p] = padding ? 0 : source[at];
          to1[p] = padding ? 0 : source[at + 1];
          to2[p] = padding ? 0 : source[at + 2];
          to3[p] = padding ? 0 : source[at + 3];
        }
      }
    }
  }
}
