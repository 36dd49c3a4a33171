package org.espalier.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps arrays for reuse, because touching fresh memory costs ten times what the arithmetic on it
 * does.
 *
 * <p>A pass opens a {@link Lease}, takes its buffers from it and closes it; a steady training step
 * finds every array again and allocates none. Arrays are pooled by element type and exact length:
 * steps repeat, so lengths do too. Buffers come dirty. Thread-safe; a lease belongs to one thread.
 */
public final class Workspace {
  private record Key(DType dtype, int length) {}

  private final Map<Key, ArrayDeque<Object>> free = new HashMap<>();
  private final boolean pooled;
  private final boolean poisoned;
  private long bytesMade;

  /** Creates an empty workspace. */
  public Workspace() {
    this(true, false);
  }

  private Workspace(boolean pooled, boolean poisoned) {
    this.pooled = pooled;
    this.poisoned = poisoned;
  }

  /**
   * Returns a workspace that pools nothing: every array is fresh and lives as long as someone holds
   * it.
   */
  public static Workspace heap() {
    return new Workspace(false, false);
  }

  /**
   * Returns a workspace for tests and for hunting bugs: whatever it lends is filled with NaN (the
   * smallest number, for integers), so that an element nobody wrote shows.
   */
  public static Workspace poisoned() {
    return new Workspace(true, true);
  }

  /** Opens a lease; close it to give all its buffers back. */
  public Lease lease() {
    return new Lease();
  }

  /** Returns the bytes of all arrays ever made, the measure of what reuse saved. */
  public synchronized long bytesMade() {
    return bytesMade;
  }

  /** Drops all pooled arrays, for instance after a change of batch size. */
  public synchronized void trim() {
    free.clear();
  }

  private synchronized Object find(DType dtype, int length) {
    ArrayDeque<Object> arrays = free.get(new Key(dtype, length));
    if (arrays != null && !arrays.isEmpty()) {
      return arrays.pop();
    }
    bytesMade += (long) length * dtype.bytes();
    return null;
  }

  private synchronized void giveBack(DType dtype, int length, Object array) {
    free.computeIfAbsent(new Key(dtype, length), key -> new ArrayDeque<>()).push(array);
  }

  /** Lends buffers to one pass. */
  public final class Lease implements AutoCloseable {
    private final List<Buffer> lent = new ArrayList<>();
    private boolean closed;

    private Lease() {}

    /** Returns a tensor whose contents are undefined, held once. */
    public Tensor take(DType dtype, Shape shape) {
      if (closed) {
        throw new StateException("workspace: the pass is closed; open a new one");
      }
      int length = shape.count();
      Object array = pooled ? find(dtype, length) : null;
      Buffer buffer =
          new Buffer(dtype, array != null ? array : Buffer.newArray(dtype, length), length);
      if (pooled) {
        buffer.holders = 1;
        buffer.lender = this;
        lent.add(buffer);
      }
      Tensor tensor = new Tensor(shape, buffer);
      return poisoned ? tensor.fill(dtype.isFloating() ? Double.NaN : Integer.MIN_VALUE) : tensor;
    }

    /**
     * Adds a holder to the tensor's buffer: it stays until as many releases have come. A tensor
     * that is not of this lease (a parameter, a user's input) is left alone.
     */
    public void retain(Tensor tensor) {
      if (tensor.buffer().lender == this) {
        tensor.buffer().holders++;
      }
    }

    /** Takes a holder away; the last one gives the array back at once and detaches the tensor. */
    public void release(Tensor tensor) {
      Buffer buffer = tensor.buffer();
      if (buffer.lender == this && --buffer.holders == 0 && !closed) {
        returnArray(buffer);
      }
    }

    /** Tells whether one holder alone may change the tensor in place. */
    public boolean isExclusive(Tensor tensor) {
      return tensor.buffer().lender == this && tensor.buffer().holders == 1;
    }

    private void returnArray(Buffer buffer) {
      if (!buffer.isDetached()) {
        giveBack(buffer.dtype(), buffer.length(), buffer.detach());
      }
    }

    /** Gives all buffers back and detaches every tensor handed out. */
    @Override
    public void close() {
      closed = true;
      lent.forEach(this::returnArray);
      lent.clear();
    }
  }
}
