package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorPanels.ROWS;
import static org.espalier.tensor.internal.VectorPanels.WIDEST;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Multiplies a block of rows with panels: {@code c = start + a · b}, tile by tile, tails included.
 *
 * <p>Rows that are missing in the last tile repeat the last row: they compute and store the same
 * numbers twice, which needs neither another tile nor a copy. Where columns are missing in the last
 * panel, it is computed aside, some tiles at a time, and its valid part copied out. One instance
 * serves one thread; who took it gives it back, with the tables of rows it has made.
 */
final class VectorProduct {
  private static final float[] ZEROS = new float[WIDEST];
  private static final Lines ONE_ROW = Lines.of(0, 0);

  /** Instances kept: one for each of so many threads. */
  private static final int KEPT = 16;

  private static final AtomicReferenceArray<VectorProduct> POOL = new AtomicReferenceArray<>(KEPT);

  /** Rows of a last panel that are computed aside before their valid part is copied out. */
  private static final int ASIDE = 4 * ROWS;

  private final TileRows left = new TileRows();
  private final TileRows target = new TileRows();
  private final TileRows constant = new TileRows();
  private final TileRows aside = new TileRows();

  private float[] a;
  private Lines aRows;
  private int aFrom;
  private boolean aPacked;
  private int aStep;
  private float[] b;
  private int bFrom;
  private int bStride;
  private float[] row;
  private int rowFrom;
  private boolean accumulate;
  private float[] c;
  private Lines cRows;
  private int cFrom;
  private Lines asideRows = ONE_ROW;

  /**
   * Tells where the rows of a matrix start: at {@code from + step · r}, or, where the rows are the
   * pixels of an image, {@code period} to a line and the lines {@code jump} apart.
   */
  record Lines(int from, int step, int period, int jump) {
    /** Returns equally spaced rows. */
    static Lines of(int from, int step) {
      return new Lines(from, step, Integer.MAX_VALUE, 0);
    }

    /** Tells whether the rows lie as far apart as others. */
    boolean isSpacedAs(Lines other) {
      return step == other.step && period == other.period && jump == other.jump;
    }
  }

  private VectorProduct() {}

  /** Returns an instance that nobody else uses. */
  static VectorProduct take() {
    for (int i = 0; i < KEPT; i++) {
      VectorProduct product = POOL.getAndSet(i, null);
      if (product != null) {
        return product;
      }
    }
    return new VectorProduct();
  }

  /** Gives the instance back; it forgets the matrices. */
  void give() {
    a = null;
    b = null;
    c = null;
    row = null;
    left.forget();
    target.forget();
    constant.forget();
    aside.forget();
    for (int i = 0; i < KEPT; i++) {
      if (POOL.compareAndSet(i, null, this)) {
        return;
      }
    }
  }

  /** Takes the left matrix from {@code a}, whose rows are contiguous. */
  VectorProduct left(float[] a, Lines rows) {
    return left(a, 0, rows);
  }

  /** Takes the left matrix from {@code a}, all rows {@code from} floats further on than told. */
  VectorProduct left(float[] a, int from, Lines rows) {
    this.a = a;
    this.aFrom = from + rows.from();
    this.aRows = rows;
    this.aStep = 0;
    return this;
  }

  /**
   * Takes the left matrix from {@code a} stored by columns, {@code step} from one to the next; two
   * rows are neighbours.
   */
  VectorProduct leftColumns(float[] a, int from, int step) {
    this.a = a;
    this.aFrom = from;
    this.aStep = step;
    this.aPacked = false;
    return this;
  }

  /** Takes the left matrix from {@code a} as {@link VectorPanels#packLeft} wrote it. */
  VectorProduct leftPanels(float[] a) {
    this.a = a;
    this.aFrom = 0;
    this.aStep = ROWS;
    this.aPacked = true;
    return this;
  }

  /** Takes the right matrix from panels that {@link VectorPanels#pack} wrote. */
  VectorProduct panels(float[] b, int from) {
    this.b = b;
    this.bFrom = from;
    this.bStride = 0;
    return this;
  }

  /**
   * Takes the right matrix as it lies, its rows {@code stride} apart; behind each row must follow
   * (anything) enough to fill the last panel.
   */
  VectorProduct right(float[] b, int from, int stride) {
    this.b = b;
    this.bFrom = from;
    this.bStride = stride;
    return this;
  }

  /** Writes the product to {@code c} (modified). */
  VectorProduct into(float[] c, Lines rows) {
    return into(c, 0, rows);
  }

  /** Writes the product to {@code c} (modified), all rows {@code from} floats further than told. */
  VectorProduct into(float[] c, int from, Lines rows) {
    this.c = c;
    this.cFrom = from + rows.from();
    this.cRows = rows;
    return this;
  }

  /** Starts all sums from zero. */
  VectorProduct fromZero() {
    return fromRow(null, 0);
  }

  /** Starts the sums of each row from the same numbers; from zero where {@code row} is null. */
  VectorProduct fromRow(float[] row, int from) {
    this.row = row;
    this.rowFrom = from;
    this.accumulate = false;
    return this;
  }

  /** Starts the sums from what c holds. */
  VectorProduct fromTarget() {
    this.accumulate = true;
    return this;
  }

  /** Multiplies {@code rows} rows with {@code columns} columns over {@code depth} steps. */
  void run(int rows, int columns, int depth) {
    if (aStep == 0) {
      left.place(a, aRows, rows);
      left.moveTo(aFrom);
    }
    target.place(c, cRows, rows);
    int width;
    for (int j = 0; j < columns; j += width) {
      width = VectorPanels.width(columns - j);
      int valid = Math.min(width, columns - j);
      target.moveTo(cFrom + j);
      if (valid == width) {
        strip(
            0,
            rows,
            rows,
            j,
            width,
            depth,
            accumulate ? target : start(row, rowFrom + j, rows),
            target);
      } else {
        partial(rows, j, width, valid, depth);
      }
    }
  }

  /** Returns rows that all are the same numbers, zeros where there are none. */
  private TileRows start(float[] numbers, int from, int rows) {
    constant.place(numbers == null ? ZEROS : numbers, ONE_ROW, rows);
    constant.moveTo(numbers == null ? 0 : from);
    return constant;
  }

  private void partial(int rows, int j, int width, int valid, int depth) {
    float[] numbers = Scratch.take(ASIDE * width + width);
    if (asideRows.step() != width) {
      asideRows = new Lines(0, width, ASIDE, 0);
    }
    aside.place(numbers, asideRows, rows);
    TileRows start =
        accumulate ? aside : start(padded(j, width, valid, numbers), ASIDE * width, rows);
    for (int first = 0; first < rows; first += ASIDE) {
      int end = Math.min(rows, first + ASIDE);
      if (accumulate) {
        for (int r = first; r < end; r++) {
          VectorPanels.copy(c, target.at(r), numbers, aside.at(r), valid);
        }
      }
      strip(first, end, rows, j, width, depth, start, aside);
      for (int r = first; r < end; r++) {
        VectorPanels.copy(numbers, aside.at(r), c, target.at(r), valid);
      }
    }
    Scratch.give(numbers);
  }

  /**
   * Copies the starting numbers of the last columns behind the rows set aside, if there are any.
   */
  private float[] padded(int j, int width, int valid, float[] numbers) {
    if (row == null) {
      return null;
    }
    Arrays.fill(numbers, ASIDE * width, (ASIDE + 1) * width, 0);
    VectorPanels.copy(row, rowFrom + j, numbers, ASIDE * width, valid);
    return numbers;
  }

  /** Does rows {@code first} to {@code end} of one panel; {@code rows} is the number of all. */
  private void strip(
      int first, int end, int rows, int j, int width, int depth, TileRows start, TileRows to) {
    int bAt = bStride == 0 ? bFrom + j * depth : bFrom + j;
    int bStep = bStride == 0 ? width : bStride;
    VectorTileWarmUp.before(width, aStep != 0, (long) (end - first) * width * depth);
    if (aStep == 0) {
      VectorRowTile.run(width, first, end, depth, left, b, bAt, bStep, start, to);
    } else if (aPacked) {
      VectorColumnTile.run(
          width, first, end, depth, a, 0, depth * ROWS, aStep, b, bAt, bStep, start, to);
    } else {
      int whole = reachesBeyond(end, depth) ? end / ROWS * ROWS : end;
      VectorColumnTile.run(
          width, first, whole, depth, a, aFrom, ROWS, aStep, b, bAt, bStep, start, to);
      if (whole < end) {
        float[] last = lastColumns(whole, rows, depth);
        VectorColumnTile.run(width, whole, end, depth, last, 0, 0, ROWS, b, bAt, bStep, start, to);
        Scratch.give(last);
      }
    }
  }

  /** Tells whether the last tile would read columns behind the end of the array. */
  private boolean reachesBeyond(int end, int depth) {
    int tiles = (end + ROWS - 1) / ROWS;
    return aFrom + (depth - 1) * aStep + tiles * ROWS > a.length;
  }

  /**
   * Copies the last rows of a left matrix stored by columns, the very last repeated: the array ends
   * before six elements of the last column.
   */
  private float[] lastColumns(int first, int rows, int depth) {
    float[] copy = Scratch.take((long) depth * ROWS);
    for (int p = 0; p < depth; p++) {
      int at = aFrom + p * aStep;
      for (int r = 0; r < ROWS; r++) {
        copy[p * ROWS + r] = a[at + Math.min(first + r, rows - 1)];
      }
    }
    return copy;
  }
}
