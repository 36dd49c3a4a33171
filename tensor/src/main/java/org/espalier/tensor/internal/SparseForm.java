package org.espalier.tensor.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Is a sparse weight in the form its loops read: for a block of input channels and an output the
 * values and, in the planes of a {@link SparseLayout}, the offsets of the inputs they meet.
 *
 * <p>What a strip reads of a block of channels stays in the L1 cache while all outputs are summed.
 *
 * @param layout how the planes lie
 * @param blocks blocks of input channels
 * @param outputs output channels
 * @param starts where the values of output o in block b begin, at {@code b · outputs + o}; they end
 *     where the next ones begin
 * @param offsets offsets of the inputs
 * @param values the values
 * @param isUsed for each input channel whether any weight reads it
 */
record SparseForm(
    SparseLayout layout,
    int blocks,
    int outputs,
    int[] starts,
    int[] offsets,
    float[] values,
    boolean[] isUsed) {
  /** Floats of the planes that a strip may read again and again: three quarters of an L1 cache. */
  private static final int CACHE = 6144;

  /** Fewest input channels of a block: sums go to memory between blocks. */
  private static final int FEWEST = 64;

  /** Values of an output in a block, on average, that are worth fetching its sums. */
  private static final int FEW = 16;

  /** Names the form of a weight in a geometry, so that each is made once. */
  private record Layout(ConvGeometry geometry, int lanes) {}

  /**
   * Keeps the forms that a weight was used in last. A server may meet any number of batch and image
   * sizes; each form holds all values again.
   */
  private static final class Kept {
    private static final int MOST = 6;

    private final Map<Layout, SparseForm> forms =
        new LinkedHashMap<>(2 * MOST, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Layout, SparseForm> eldest) {
            return size() > MOST;
          }
        };

    SparseForm get(Layout layout, Supplier<SparseForm> maker) {
      SparseForm known;
      synchronized (forms) {
        known = forms.get(layout);
      }
      // Made outside the lock: other threads go on with forms that are there.
      SparseForm form = known == null ? maker.get() : known;
      if (known == null) {
        synchronized (forms) {
          forms.put(layout, form);
        }
      }
      return form;
    }
  }

  /**
   * Returns the form of a weight, made once if it is frozen.
   *
   * @param weight {@code [out, kh, kw, in]}
   * @param g the convolution; its batch is the number of images in a block
   * @param lanes floats in a vector
   */
  static SparseForm of(Tensor weight, ConvGeometry g, int lanes) {
    SparseRows rows = SparseRows.of(weight);
    return weight.prepacked() == null
        ? made(rows, g, lanes)
        : weight
            .prepacked()
            .get(Kept.class, Kept.class, Kept::new)
            .get(new Layout(g, lanes), () -> made(rows, g, lanes));
  }

  private static SparseForm made(SparseRows rows, ConvGeometry g, int lanes) {
    SparseLayout layout = new SparseLayout(g, lanes);
    int in = g.inChannels();
    int outputs = rows.count();
    long enough = (long) FEW * outputs * in / Math.max(1, rows.values().length);
    int most = (int) Math.max(Math.max(FEWEST, CACHE / layout.reach()), Math.min(in, enough));
    int blocks = Math.max(1, (in + most - 1) / most);
    int deep = Math.max(1, (in + blocks - 1) / blocks);
    int[] starts = new int[blocks * outputs + 1];
    boolean[] used = new boolean[in];
    for (int o = 0; o < outputs; o++) {
      for (int k = rows.starts()[o]; k < rows.starts()[o + 1]; k++) {
        int channel = rows.places()[k] % in;
        used[channel] = true;
        starts[channel / deep * outputs + o + 1]++;
      }
    }
    for (int i = 1; i < starts.length; i++) {
      starts[i] += starts[i - 1];
    }
    int[] next = starts.clone();
    int[] offsets = new int[rows.values().length];
    float[] values = new float[rows.values().length];
    for (int o = 0; o < outputs; o++) {
      for (int k = rows.starts()[o]; k < rows.starts()[o + 1]; k++) {
        int tap = rows.places()[k] / in;
        int channel = rows.places()[k] % in;
        int to = next[channel / deep * outputs + o]++;
        offsets[to] = layout.offset(channel, tap / g.kernelWidth(), tap % g.kernelWidth());
        values[to] = rows.values()[k];
      }
    }
    return new SparseForm(layout, blocks, outputs, starts, offsets, values, used);
  }

  /** Tells whether any weight reads one of the input channels from {@code from} to {@code to}. */
  boolean uses(int from, int to) {
    for (int c = from; c < to; c++) {
      if (isUsed[c]) {
        return true;
      }
    }
    return false;
  }
}
