package org.espalier.tensor;

import java.util.Arrays;
import java.util.StringJoiner;

/**
 * Holds numbers: a {@link Shape}, a {@link DType} and a flat, contiguous, row-major array; no
 * strides, no gradient.
 *
 * <p>The array accessors ({@link #f32()} and its siblings) hand out the live array: kernels read
 * and write it, others treat it as read-only. Not thread-safe for writing.
 */
public final class Tensor {
  private final Shape shape;
  private final Buffer buffer;
  private final Prepacked prepacked;

  Tensor(Shape shape, Buffer buffer) {
    this(shape, buffer, null);
  }

  private Tensor(Shape shape, Buffer buffer, Prepacked prepacked) {
    this.shape = shape;
    this.buffer = buffer;
    this.prepacked = prepacked;
  }

  /** Returns a tensor over a float array, which is used, not copied. */
  public static Tensor of(Shape shape, float... values) {
    return wrap(DType.F32, shape, values, values.length);
  }

  /** Returns a tensor over a double array, which is used, not copied. */
  public static Tensor of(Shape shape, double... values) {
    return wrap(DType.F64, shape, values, values.length);
  }

  /** Returns a tensor over an int array, which is used, not copied. */
  public static Tensor of(Shape shape, int... values) {
    return wrap(DType.I32, shape, values, values.length);
  }

  /** Returns a tensor over a byte array, which is used, not copied. */
  public static Tensor of(Shape shape, byte... values) {
    return wrap(DType.I8, shape, values, values.length);
  }

  /** Returns a one-axis I32 tensor of indices. */
  public static Tensor indices(int... values) {
    return of(Shape.of(values.length), values);
  }

  /** Returns a float32 tensor of zeros. */
  public static Tensor zeros(int... sizes) {
    return zeros(DType.F32, Shape.of(sizes));
  }

  /** Returns a tensor of zeros. */
  public static Tensor zeros(DType dtype, Shape shape) {
    return new Tensor(
        shape, new Buffer(dtype, Buffer.newArray(dtype, shape.count()), shape.count()));
  }

  /** Returns a tensor with all elements equal to {@code value}. */
  public static Tensor full(DType dtype, Shape shape, double value) {
    return zeros(dtype, shape).fill(value);
  }

  /** Returns a float32 tensor without axes. */
  public static Tensor scalar(double value) {
    return full(DType.F32, Shape.scalar(), value);
  }

  private static Tensor wrap(DType dtype, Shape shape, Object array, int length) {
    if (length != shape.count()) {
      throw new ShapeException("tensor: " + length + " values do not fill shape " + shape);
    }
    return new Tensor(shape, new Buffer(dtype, array, length));
  }

  /** Returns the sizes. */
  public Shape shape() {
    return shape;
  }

  /** Returns the element type. */
  public DType dtype() {
    return buffer.dtype();
  }

  /** Returns the buffer, which other tensors may share. */
  public Buffer buffer() {
    return buffer;
  }

  /** Returns the number of elements. */
  public int count() {
    return shape.count();
  }

  /** Returns the live float array. */
  public float[] f32() {
    return buffer.f32();
  }

  /** Returns the live double array. */
  public double[] f64() {
    return buffer.f64();
  }

  /** Returns the live byte array. */
  public byte[] i8() {
    return buffer.i8();
  }

  /** Returns the live int array. */
  public int[] i32() {
    return buffer.i32();
  }

  /**
   * Returns element {@code index} in row-major order, widened to double; for tests and cold paths.
   */
  public double get(int index) {
    return switch (dtype()) {
      case F32 -> f32()[index];
      case F64 -> f64()[index];
      case I8 -> i8()[index];
      case I32 -> i32()[index];
    };
  }

  /**
   * Sets element {@code index} in row-major order, narrowed to the element type; for tests and cold
   * paths.
   */
  public void set(int index, double value) {
    switch (dtype()) {
      case F32 -> f32()[index] = (float) value;
      case F64 -> f64()[index] = value;
      case I8 -> i8()[index] = (byte) value;
      case I32 -> i32()[index] = (int) value;
    }
  }

  /** Returns the only element. */
  public double item() {
    if (count() != 1) {
      throw new ShapeException("tensor: item() needs one element, got " + shape);
    }
    return get(0);
  }

  /** Returns the row-major position of an element given by one index an axis. */
  public int offset(int... index) {
    if (index.length != shape.rank()) {
      throw new ShapeException("tensor: " + Arrays.toString(index) + " does not index " + shape);
    }
    int offset = 0;
    for (int axis = 0; axis < index.length; axis++) {
      if (index[axis] < 0 || index[axis] >= shape.size(axis)) {
        throw new ShapeException("tensor: " + Arrays.toString(index) + " is outside " + shape);
      }
      offset = offset * shape.size(axis) + index[axis];
    }
    return offset;
  }

  /** Returns a tensor of another shape over the same buffer. */
  public Tensor reshape(Shape other) {
    if (other.count() != shape.count()) {
      throw new ShapeException(
          "reshape: "
              + shape
              + " has "
              + count()
              + " elements, "
              + other
              + " has "
              + other.count());
    }
    return new Tensor(other, buffer);
  }

  /** Returns a tensor of another shape over the same buffer. */
  public Tensor reshape(int... sizes) {
    return reshape(Shape.of(sizes));
  }

  /**
   * Returns a tensor over the same buffer whose elements the caller promises not to change any
   * more, so that kernels may keep copies of them.
   */
  public Tensor frozen() {
    return new Tensor(shape, buffer, new Prepacked());
  }

  /** Returns the copies kept with a frozen tensor, null for one that may change. */
  public Prepacked prepacked() {
    return prepacked;
  }

  /** Returns an independent copy on the heap. */
  public Tensor copy() {
    Tensor copy = zeros(dtype(), shape);
    copy.copyFrom(this);
    return copy;
  }

  /**
   * Copies all elements of {@code source}, of equal element type and count; this tensor is
   * modified.
   */
  public void copyFrom(Tensor source) {
    if (source.count() != count()) {
      throw new ShapeException("copy: got " + source.shape + ", expected " + shape);
    }
    System.arraycopy(source.buffer.attached(dtype()), 0, buffer.attached(dtype()), 0, count());
  }

  /**
   * Returns this tensor if it already has the type, else a converted copy; floats become integers
   * by truncation.
   */
  public Tensor to(DType other) {
    if (other == dtype()) {
      return this;
    }
    Tensor converted = zeros(other, shape);
    for (int i = 0; i < count(); i++) {
      converted.set(i, get(i));
    }
    return converted;
  }

  /** Sets all elements; this tensor is modified and returned. */
  public Tensor fill(double value) {
    switch (dtype()) {
      case F32 -> Arrays.fill(f32(), (float) value);
      case F64 -> Arrays.fill(f64(), value);
      case I8 -> Arrays.fill(i8(), (byte) value);
      case I32 -> Arrays.fill(i32(), (int) value);
    }
    return this;
  }

  /** Returns all elements as doubles, in row-major order. */
  public double[] toDoubles() {
    double[] values = new double[count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(i);
    }
    return values;
  }

  /** Tells whether shape, type and every bit of every element are equal. */
  public boolean bitEquals(Tensor other) {
    if (dtype() != other.dtype() || !shape.equals(other.shape)) {
      return false;
    }
    for (int i = 0; i < count(); i++) {
      if (Double.doubleToRawLongBits(get(i)) != Double.doubleToRawLongBits(other.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    if (buffer.isDetached()) {
      return dtype() + shape.toString() + " (given back)";
    }
    int shown = Math.min(count(), 8);
    StringJoiner text = new StringJoiner(", ", " {", count() > shown ? ", ...}" : "}");
    for (int i = 0; i < shown; i++) {
      text.add(
          dtype().isFloating() ? String.valueOf((float) get(i)) : String.valueOf((int) get(i)));
    }
    return dtype() + shape.toString() + text;
  }
}
