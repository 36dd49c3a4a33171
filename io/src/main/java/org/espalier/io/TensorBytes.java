package org.espalier.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Moves the elements of tensors between arrays and byte streams, a piece at a time. */
final class TensorBytes {
  private static final int PIECE = 1 << 16;

  private TensorBytes() {}

  /** Fills buffers from a file or stream. */
  @FunctionalInterface
  interface Source {
    /** Reads until the buffer is full; an early end is an error. */
    void readFully(ByteBuffer into) throws IOException;
  }

  /**
   * Checks sizes that a file claims and returns them as a shape: none negative, and no more
   * elements than one array holds, all before anything is allocated.
   */
  static Shape shape(List<Long> sizes, String where) {
    long count = 1;
    int[] checked = new int[sizes.size()];
    for (int axis = 0; axis < checked.length; axis++) {
      long size = sizes.get(axis);
      if (size < 0) {
        throw new FormatException(where + ": shape " + sizes + " has a negative size");
      }
      boolean fits = size <= Integer.MAX_VALUE - 8 && count * size <= Integer.MAX_VALUE - 8;
      if (!fits) {
        throw new FormatException(
            where + ": shape " + sizes + " has more elements than one array holds (2^31 - 9)");
      }
      checked[axis] = (int) size;
      count *= size;
    }
    return Shape.of(checked);
  }

  /** Reads a tensor whose elements follow each other row-major. */
  static Tensor read(Source source, StoredType type, ByteOrder order, Shape shape, String where)
      throws IOException {
    Tensor tensor = Tensor.zeros(type.dtype(), shape);
    int count = shape.count();
    ByteBuffer piece =
        ByteBuffer.allocate((int) Math.min(PIECE, (long) count * type.bytes())).order(order);
    for (int at = 0; at < count; ) {
      int elements = Math.min(count - at, piece.capacity() / type.bytes());
      source.readFully(piece.clear().limit(elements * type.bytes()));
      type.decode(piece.flip(), tensor, at, elements, where);
      at += elements;
    }
    return tensor;
  }

  /** Writes the elements little-endian, row-major, in the type they have. */
  static void write(Tensor tensor, OutputStream out) throws IOException {
    int bytes = tensor.dtype().bytes();
    ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < tensor.count(); ) {
      int elements = Math.min(tensor.count() - at, PIECE / bytes);
      switch (tensor.dtype()) {
        case F32 -> piece.asFloatBuffer().put(tensor.f32(), at, elements);
        case F64 -> piece.asDoubleBuffer().put(tensor.f64(), at, elements);
        case I32 -> piece.asIntBuffer().put(tensor.i32(), at, elements);
        case I8 -> piece.duplicate().put(tensor.i8(), at, elements);
      }
      out.write(piece.array(), 0, elements * bytes);
      at += elements;
    }
  }

  /**
   * Returns the tensor of the reversed shape with the axes in reverse order: how an array whose
   * first index runs fastest becomes row-major.
   */
  static Tensor reverseAxes(Tensor tensor) {
    int[] sizes = tensor.shape().sizes();
    int[] reversed = new int[sizes.length];
    int[] strides = new int[sizes.length];
    int stride = 1;
    for (int axis = 0; axis < sizes.length; axis++) {
      reversed[axis] = sizes[sizes.length - 1 - axis];
      strides[axis] = stride;
      stride *= sizes[axis];
    }
    Tensor result = Tensor.zeros(tensor.dtype(), Shape.of(reversed));
    Object from = array(tensor);
    Object to = array(result);
    int[] index = new int[sizes.length];
    int target = 0;
    for (int source = 0; source < tensor.count(); source++) {
      System.arraycopy(from, source, to, target, 1);
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        target += strides[axis];
        if (++index[axis] < sizes[axis]) {
          break;
        }
        target -= strides[axis] * sizes[axis];
        index[axis] = 0;
      }
    }
    return result;
  }

  private static Object array(Tensor tensor) {
    return switch (tensor.dtype()) {
      case F32 -> tensor.f32();
      case F64 -> tensor.f64();
      case I8 -> tensor.i8();
      case I32 -> tensor.i32();
    };
  }
}
