package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.HALF;
import static org.espalier.tensor.internal.VectorPanels.ROWS;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.espalier.tensor.internal.VectorProduct.Lines;

/**
 * Calls a tile with short loops until it is compiled, before it meets its first long one.
 *
 * <p>A method that meets a long loop first is compiled in the middle of that loop ("on the stack"):
 * that takes HotSpot four times as long as compiling the whole method, is done besides it, and
 * until then the loop goes on interpreted, every vector an object. The first step of a network
 * spends seconds so. Short loops reach the limit of calls before that of rounds.
 *
 * <p>What is computed here is thrown away; how long it takes changes no result.
 */
final class VectorTileWarmUp {
  /** Multiply-adds of a call that is worth the wait: networks of toys never come here. */
  private static final long LONG = 1L << 16;

  /**
   * Rounds of the loop in a call: HotSpot compiles the method for its calls before it compiles the
   * loop, and sees a loop that is worth unrolling. (Tiles that met two rounds only ran at two
   * thirds of the speed ever after.)
   */
  private static final int DEPTH = 48;

  private static final int CALLS = 16;

  /**
   * Nanoseconds of a call that only compiled code keeps within; vectors as objects take ten times
   * as long.
   */
  private static final long COMPILED = 8_000;

  /**
   * Nanoseconds after which work begins whatever is compiled: where nothing is, nothing will be.
   */
  private static final long PATIENCE = 2_000_000_000;

  private static final int WIDTHS = 4;
  private static final AtomicIntegerArray READY = new AtomicIntegerArray(2 * WIDTHS);

  private VectorTileWarmUp() {}

  /**
   * Returns when a tile is compiled, or at once where the work is little.
   *
   * @param width lanes of the tile's panel
   * @param columns whether the left matrix lies by columns
   * @param work multiply-adds to come
   */
  static void before(int width, boolean columns, long work) {
    int tile = Integer.numberOfTrailingZeros(width / HALF.length()) + (columns ? WIDTHS : 0);
    if (work >= LONG && READY.getPlain(tile) == 0) {
      warmUp(tile, width, columns);
    }
  }

  private static synchronized void warmUp(int tile, int width, boolean columns) {
    if (READY.get(tile) != 0) {
      return;
    }
    VectorProduct product = VectorProduct.take();
    float[] left = new float[DEPTH * ROWS];
    float[] panel = new float[DEPTH * width];
    Lines rows = Lines.of(0, DEPTH);
    Lines targets = Lines.of(0, width);
    if (columns) {
      product.leftPanels(left);
    } else {
      product.left(left, rows);
    }
    product.panels(panel, 0).into(new float[ROWS * width], targets).fromZero();
    long begin = System.nanoTime();
    long before;
    long now = begin;
    do {
      before = now;
      for (int call = 0; call < CALLS; call++) {
        product.run(ROWS, width, DEPTH);
      }
      now = System.nanoTime();
    } while (now - before > CALLS * COMPILED && now - begin < PATIENCE);
    product.give();
    READY.set(tile, 1);
  }
}
