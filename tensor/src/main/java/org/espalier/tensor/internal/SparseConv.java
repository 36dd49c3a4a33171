package org.espalier.tensor.internal;

import java.util.Arrays;
import java.util.List;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.parallel.Parallel;

/**
 * Convolves with a frozen weight of which most elements are zero: outputs are vectors of
 * neighbouring pixels, and only the weights that are not zero are multiplied.
 *
 * <p>A block of images is turned into planes a channel ({@link SparseLayout}), strips of outputs
 * are summed over the offsets and values of each output channel ({@link SparseForm}), and turned
 * back; strips and blocks are the pieces of work. Each output is one chain of sums, in an order
 * that shape and weight determine alone. Any stride, dilation and padding; one group.
 */
final class SparseConv {
  /** Blocks from which on each is a piece of work of its own. */
  private static final int PIECES = 8;

  /** Output channels in a piece where there are fewer blocks: whole vectors of channels. */
  private static final int CHUNK = 64;

  /** Input channels that are packed together. */
  private static final int CHANNELS = 128;

  /** Most rows of inputs that are multiplied one by one. */
  private static final int FEW_ROWS = 4;

  private final ConvGeometry g;
  private final SparseLoops loops;
  private final float[] x;
  private final float[] start;
  private final Clamp clamp;
  private final float[] y;

  private SparseConv(
      ConvGeometry g, SparseLoops loops, float[] x, float[] start, Clamp clamp, float[] y) {
    this.g = g;
    this.loops = loops;
    this.x = x;
    this.start = start;
    this.clamp = clamp;
    this.y = y;
  }

  /** Tells whether so many rows of inputs are multiplied one by one. */
  static boolean isFew(int rows) {
    return rows <= FEW_ROWS;
  }

  /** Tells whether this class can compute a convolution. */
  static boolean serves(ConvGeometry g) {
    return g.groups() == 1;
  }

  /**
   * Computes {@code y} (modified); see {@link org.espalier.tensor.kernel.Kernels#conv}.
   *
   * @param weight {@code [out, kh, kw, in]}; its sparse form is kept if it is frozen
   */
  static void forward(
      ConvGeometry g,
      SparseLoops loops,
      float[] x,
      Tensor weight,
      float[] bias,
      Clamp clamp,
      float[] y) {
    ConvGeometry shaped =
        g.isPointwise()
            ? ConvGeometry.product(
                g.batch() * g.outHeight() * g.outWidth(), g.inChannels(), g.outChannels())
            : g;
    if (shaped.isPointwise() && isFew(shaped.batch())) {
      rows(shaped, SparseRows.of(weight), loops, x, bias, clamp, y);
      return;
    }
    int lanes = loops.lanes();
    float[] start = Scratch.take((long) g.outChannels() * lanes);
    for (int o = 0; o < g.outChannels(); o++) {
      Arrays.fill(start, o * lanes, (o + 1) * lanes, bias == null ? 0 : bias[o]);
    }
    new SparseConv(shaped, loops, x, start, clamp, y).run(weight);
    Scratch.give(start);
  }

  /** Multiplies a few rows of inputs with the weight, one by one. */
  private static void rows(
      ConvGeometry g,
      SparseRows rows,
      SparseLoops loops,
      float[] x,
      float[] bias,
      Clamp clamp,
      float[] y) {
    int work = rows.values().length / Math.max(1, rows.count()) + 1;
    Parallel.range(
        g.batch() * rows.count(),
        Parallel.grain(2L * work),
        (from, to) -> {
          for (int item = from; item < to; item++) {
            int o = item % rows.count();
            int at = item / rows.count() * g.inChannels();
            int first = rows.starts()[o];
            int end = rows.starts()[o + 1];
            float sum = loops.dot(rows.places(), rows.values(), first, end, x, at);
            y[item] = bias == null ? sum : bias[o] + sum;
          }
          if (clamp != null) {
            ScalarElementwise.clamp(clamp, y, from, to);
          }
        });
  }

  private void run(Tensor weight) {
    Blocks blocks = Blocks.of(g, weight, loops.lanes());
    int together = blocks.together();
    if (blocks.count() >= PIECES) {
      Parallel.range(blocks.count(), 1, (from, to) -> blocks(blocks.form(), from, to, together));
    } else {
      for (int block = 0; block < blocks.count(); block++) {
        shared(blocks.form(), block * together);
      }
    }
    if (blocks.last() != null) {
      shared(blocks.last(), blocks.count() * together);
    }
  }

  /**
   * Is how the images of a batch are cut into blocks, and the weight in the form for each.
   *
   * @param together images of a block
   * @param count whole blocks
   * @param form the form for them, null where there are none
   * @param last the form for the images that are left, null where there are none
   */
  private record Blocks(int together, int count, SparseForm form, SparseForm last) {
    static Blocks of(ConvGeometry g, Tensor weight, int lanes) {
      int together = SparseLayout.together(g, lanes);
      int count = g.batch() / together;
      int left = g.batch() - count * together;
      return new Blocks(
          together,
          count,
          count == 0 ? null : SparseForm.of(weight, g.ofBatch(together), lanes),
          left == 0 ? null : SparseForm.of(weight, g.ofBatch(left), lanes));
    }
  }

  /** Computes whole blocks, one after the other. */
  private void blocks(SparseForm form, int from, int to, int together) {
    float[] planes = Scratch.take(form.layout().size());
    float[] sums = Scratch.take(sums(form.outputs()));
    float[] square = Scratch.take(SparseLoops.SQUARE);
    int in = g.inHeight() * g.inWidth() * g.inChannels();
    int out = g.outHeight() * g.outWidth() * g.outChannels();
    for (int block = from; block < to; block++) {
      int image = block * together;
      square[0] = ReadAhead.lines(x, image * in, (image + together) * in);
      pack(form, image, 0, tiles(form), planes, square);
      // Read before it is written, for a store waits for its line too, one at a time.
      square[0] = ReadAhead.lines(y, image * out, (image + together) * out);
      for (SparseLayout.Strip strip : form.layout().strips()) {
        strip(form, strip, image, 0, form.outputs(), planes, sums, square);
      }
    }
    Scratch.give(square);
    Scratch.give(sums);
    Scratch.give(planes);
  }

  /** Computes a block whose work all threads share. */
  private void shared(SparseForm form, int image) {
    SparseLayout layout = form.layout();
    float[] planes = Scratch.take(layout.size());
    Parallel.range(
        tiles(form),
        Parallel.grain(2L * loops.lanes() * g.inChannels()),
        (from, to) -> {
          float[] square = Scratch.take(SparseLoops.SQUARE);
          pack(form, image, from, to, planes, square);
          Scratch.give(square);
        });
    List<SparseLayout.Strip> strips = layout.strips();
    int chunks = (form.outputs() + CHUNK - 1) / CHUNK;
    long work = 2L * form.values().length / Math.max(1, chunks) * SparseLayout.WIDEST;
    Parallel.range(
        strips.size() * chunks,
        Parallel.grain(work),
        (from, to) -> {
          float[] sums = Scratch.take(sums(CHUNK));
          float[] square = Scratch.take(SparseLoops.SQUARE);
          for (int item = from; item < to; item++) {
            int first = item % chunks * CHUNK;
            int end = Math.min(form.outputs(), first + CHUNK);
            strip(form, strips.get(item / chunks), image, first, end, planes, sums, square);
          }
          Scratch.give(square);
          Scratch.give(sums);
        });
    Scratch.give(planes);
  }

  private long sums(int outputs) {
    return (long) outputs * SparseLayout.WIDEST * loops.lanes();
  }

  /** Returns how many vectors of places all planes of a channel have. */
  private int tiles(SparseForm form) {
    return form.layout().phases() * form.layout().plane() / loops.lanes();
  }

  private void pack(SparseForm form, int image, int from, int to, float[] planes, float[] square) {
    SparseLayout layout = form.layout();
    int first = image * g.inHeight() * g.inWidth() * g.inChannels();
    int stride = layout.phases() * layout.plane();
    // Few channels at a time, whose planes stay in the cache from one vector to the next.
    for (int c = 0; c < g.inChannels(); c += CHANNELS) {
      int end = Math.min(g.inChannels(), c + CHANNELS);
      if (form.uses(c, end)) {
        for (int tile = from; tile < to; tile++) {
          int place = tile * loops.lanes();
          loops.pack(
              x,
              first,
              g.inChannels(),
              c,
              end,
              layout.sourcesShared(),
              place,
              planes,
              place,
              stride,
              square);
        }
      }
    }
  }

  /** Computes a strip of the outputs {@code from} to {@code to}. */
  private void strip(
      SparseForm form,
      SparseLayout.Strip strip,
      int image,
      int from,
      int to,
      float[] planes,
      float[] sums,
      float[] square) {
    for (int block = 0; block < form.blocks(); block++) {
      loops.sum(form, block, from, to, planes, strip, block == 0 ? start : null, sums);
    }
    int wide = strip.vectors() * loops.lanes();
    if (clamp != null) {
      ScalarElementwise.clamp(clamp, sums, 0, (to - from) * wide);
    }
    int first = image * g.outHeight() * g.outWidth() * g.outChannels() + from;
    for (int at = 0; at < wide; at += loops.lanes()) {
      loops.unpack(
          sums,
          wide,
          at,
          to - from,
          form.layout().targetsShared(),
          strip.base() + at,
          y,
          first,
          g.outChannels(),
          square);
    }
  }
}
