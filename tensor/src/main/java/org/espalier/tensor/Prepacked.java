package org.espalier.tensor;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Keeps copies of a frozen tensor, packed in the orders in which kernels read it, for as long as
 * the tensor itself lives.
 *
 * <p>Why: at batch 1 a kernel reads each weight once, and packing the weights anew for each call
 * costs more than the arithmetic. Thread-safe.
 */
public final class Prepacked {
  private final Map<Object, Object> copies = new ConcurrentHashMap<>();
  private final Map<Object, Prepacked> derived = new ConcurrentHashMap<>();

  Prepacked() {}

  /**
   * Returns the copy of a layout, made on first use; not to be modified. Two threads that ask for
   * the first time may both make it, and get the same one.
   *
   * @param layout a value equal to those of all calls that want the same numbers in the same order
   * @param maker packs the tensor
   */
  public float[] get(Object layout, Supplier<float[]> maker) {
    return get(layout, float[].class, maker);
  }

  /**
   * Returns what a kernel made of the tensor, on first use, as {@link #get(Object, Supplier)} does;
   * not to be modified.
   *
   * @param layout a value equal to those of all calls that want the same, all of one type
   * @param type the type of what is made
   * @param maker makes it of the tensor
   */
  public <T> T get(Object layout, Class<T> type, Supplier<T> maker) {
    Object known = copies.get(layout);
    if (known != null) {
      return type.cast(known);
    }
    // Not made inside the map's lock: packing runs in parallel, and its thread may help elsewhere.
    T made = maker.get();
    Object first = copies.putIfAbsent(layout, made);
    return first == null ? made : type.cast(first);
  }

  /**
   * Returns the copies of another tensor that is made of this one and wants layouts of its own.
   *
   * @param how says how it is made, as a layout does
   */
  public Prepacked derived(Object how) {
    return derived.computeIfAbsent(how, key -> new Prepacked());
  }
}
