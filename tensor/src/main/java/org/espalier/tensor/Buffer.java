package org.espalier.tensor;

/**
 * Owns the flat array behind one or more tensors that share it.
 *
 * <p>A {@link Workspace} takes the array back when the pass that borrowed it closes: the buffer is
 * then detached, and every later use is a {@link StateException} instead of another batch's
 * numbers.
 */
public final class Buffer {
  private final DType dtype;
  private final int length;
  private Object array;

  /**
   * Number of parties that still need the contents; counted by the workspace lease the array came
   * from.
   */
  int holders;

  /** The lease that lent the array and may take it back; null for an array of the heap. */
  Workspace.Lease lender;

  Buffer(DType dtype, Object array, int length) {
    this.dtype = dtype;
    this.array = array;
    this.length = length;
  }

  static Object newArray(DType dtype, int length) {
    return switch (dtype) {
      case F32 -> new float[length];
      case F64 -> new double[length];
      case I8 -> new byte[length];
      case I32 -> new int[length];
    };
  }

  /** Returns the element type. */
  public DType dtype() {
    return dtype;
  }

  /** Returns the number of elements. */
  public int length() {
    return length;
  }

  /** Tells whether the array was given back to its workspace. */
  public boolean isDetached() {
    return array == null;
  }

  float[] f32() {
    return (float[]) attached(DType.F32);
  }

  double[] f64() {
    return (double[]) attached(DType.F64);
  }

  byte[] i8() {
    return (byte[]) attached(DType.I8);
  }

  int[] i32() {
    return (int[]) attached(DType.I32);
  }

  Object detach() {
    Object detached = array;
    array = null;
    return detached;
  }

  Object attached(DType wanted) {
    if (wanted != dtype) {
      throw new DTypeException("tensor: got " + dtype + ", expected " + wanted);
    }
    if (array == null) {
      throw new StateException(
          "tensor: its buffer went back to the workspace when the pass was closed or the value released;"
              + " copy() it before to keep the numbers");
    }
    return array;
  }
}
