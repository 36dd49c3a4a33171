package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Pads rows and columns of x {@code [n, h, w, c]}, or the positions of x {@code [n, l, c]} by
 * {@code left} and {@code right}.
 *
 * @param dimensions 1 or 2
 * @param mode what the padding shows
 * @param top rows above
 * @param bottom rows below
 * @param left columns to the left
 * @param right columns to the right
 */
public record Pad(int dimensions, PadMode mode, int top, int bottom, int left, int right)
    implements Op {
  /** Creates the op; the numbers must not be negative. */
  public Pad {
    if (top < 0 || bottom < 0 || left < 0 || right < 0) {
      throw new IllegalArgumentException(
          "pad: must not be negative, got top %d, bottom %d, left %d, right %d"
              .formatted(top, bottom, left, right));
    }
  }

  @Override
  public String name() {
    return "pad" + dimensions + "d";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return Windows.axes(this, dimensions, inputs);
  }

  @Override
  public int size(String letter) {
    return letter.equals("i") || letter.equals("j") ? 1 : -1;
  }

  @Override
  public int window(String letter, int input, int kernel) {
    int before = letter.equals("y") ? top : left;
    int after = letter.equals("y") ? bottom : right;
    if (mode == PadMode.REFLECT && Math.max(before, after) >= input) {
      throw new ShapeException(
          "%s: reflection needs padding below the axis' size %d, got %d and %d"
              .formatted(name(), input, before, after));
    }
    return before + input + after;
  }

  private Tensor index(int before, int size, int after) {
    int[] index = new int[before + size + after];
    for (int k = 0; k < index.length; k++) {
      index[k] = mode.source(k - before, size);
    }
    return Tensor.indices(index);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Tensor x = in[0];
    if (dimensions == 2) {
      Shape taller = x.shape().with(1, y.shape().size(1));
      Tensor tall = saved.scratch(y.dtype(), taller);
      Tensor rows = index(top, x.shape().size(1), bottom);
      KernelLookup.of(y).gather(x, rows, Span.of(x.shape(), 1, 2), tall);
      x = tall;
    }
    int axis = dimensions;
    Tensor columns = index(left, x.shape().size(axis), right);
    KernelLookup.of(y).gather(x, columns, Span.of(x.shape(), axis, axis + 1), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Shape x = call.input(0).shape();
    int axis = dimensions;
    Tensor columns = index(left, x.size(axis), right);
    Tensor narrow = call.scratch(dy.dtype(), dy.shape().with(axis, x.size(axis)));
    Span span = Span.of(narrow.shape(), axis, axis + 1);
    KernelLookup.of(dy).scatterAdd(dy, columns, span, narrow);
    if (dimensions == 1) {
      return new Tensor[] {narrow};
    }
    Tensor dx = call.like(0);
    Tensor rows = index(top, x.size(1), bottom);
    KernelLookup.of(dy).scatterAdd(narrow, rows, Span.of(x, 1, 2), dx);
    call.release(narrow);
    return new Tensor[] {dx};
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.ROUTE;
  }
}
