package org.espalier.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.espalier.autograd.Leaf;
import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Holds one named raw tensor, the parametrizations that make its effective value, the slots
 * optimizers keep on it, and a version number that every change raises.
 *
 * <p>Running statistics and index lists are parameters too, without gradient ({@link #isBuffer}).
 * Not thread-safe for changes; several threads may infer with it while nobody changes it.
 */
public final class Parameter implements Leaf {
  /** An effective value and the versions it was made from. */
  private record Frozen(long version, Tensor value) {}

  private final Init init;
  private final boolean buffer;
  private final List<Parametrization> parametrizations = new ArrayList<>();
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private String name;
  private Shape shape;
  private DType dtype;
  private Tensor raw;
  private boolean trainable;
  private long version;
  private volatile Frozen frozen;

  Parameter(String name, DType dtype, Shape shape, Init init, boolean buffer) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.init = init;
    this.buffer = buffer;
    this.trainable = !buffer;
  }

  /**
   * Creates a trainable parameter outside a module, for parametrizations and hand-written models.
   */
  public static Parameter trainable(String name, Tensor value) {
    return holding(name, value, false);
  }

  /** Creates a buffer outside a module: state that is saved and cut but gets no gradient. */
  public static Parameter buffer(String name, Tensor value) {
    return holding(name, value, true);
  }

  private static Parameter holding(String name, Tensor value, boolean buffer) {
    Parameter parameter =
        new Parameter(name, value.dtype(), value.shape(), Init.constant(0), buffer);
    parameter.raw = value;
    return parameter;
  }

  @Override
  public String name() {
    return name;
  }

  void rename(String path) {
    name = path;
  }

  /** Returns the declared sizes, those of the effective value. */
  public Shape shape() {
    return shape;
  }

  /** Returns the element type. */
  public DType dtype() {
    return dtype;
  }

  /** Tells whether this is state without gradient, such as a running mean. */
  public boolean isBuffer() {
    return buffer;
  }

  /** Tells whether gradients are wanted: not for buffers, nor for frozen parameters. */
  public boolean isTrainable() {
    return trainable && dtype.isFloating();
  }

  /** Freezes or unfreezes the parameter; a buffer stays without gradient. */
  public void setTrainable(boolean wanted) {
    trainable = wanted && !buffer;
  }

  /** Tells whether the raw value exists. */
  public boolean isInitialized() {
    return raw != null;
  }

  /** Tells whether the raw value and those of all parametrizations exist. */
  boolean isComplete() {
    return raw != null && isComplete(parametrizations);
  }

  /** Tells whether all values of some parametrizations exist. */
  static boolean isComplete(List<Parametrization> parametrizations) {
    for (Parametrization parametrization : parametrizations) {
      for (Parameter inner : parametrization.parameters().values()) {
        if (!inner.isComplete()) {
          return false;
        }
      }
    }
    return true;
  }

  /** Draws the initial value from a stream, if there is none yet. */
  public void initialize(Random random) {
    if (raw == null) {
      Tensor fresh = Tensor.zeros(dtype, shape);
      init.fill(fresh, random);
      raw = fresh;
    }
  }

  /** Returns the live raw tensor, to be read; change it through {@link #update}. */
  public Tensor raw() {
    if (raw == null) {
      throw new StateException(
          name + " has no value yet: call initialize(seed) on the model, or load weights");
    }
    return raw;
  }

  @Override
  public long version() {
    long sum = version;
    for (Parametrization parametrization : parametrizations) {
      for (Parameter own : parametrization.parameters().values()) {
        sum += own.version();
      }
    }
    return sum;
  }

  /** Changes the raw tensor in place; the only way to do so. */
  public void update(Consumer<Tensor> change) {
    change.accept(raw());
    changed();
  }

  private void changed() {
    version++;
    frozen = null;
  }

  /**
   * Sets the effective value: raw becomes what the parametrizations' right inverses make of it. The
   * value is copied.
   */
  public void set(Tensor value) {
    if (!value.shape().equals(shape)) {
      throw new ShapeException(name + ": got " + value.shape() + ", expected " + shape);
    }
    Tensor assigned = value.to(dtype);
    for (int i = parametrizations.size() - 1; i >= 0; i--) {
      assigned = parametrizations.get(i).assign(assigned);
    }
    raw = assigned == value ? value.copy() : assigned;
    changed();
  }

  /**
   * Replaces the raw tensor as it was saved, without going through parametrizations. The tensor is
   * used, not copied.
   */
  public void restore(Tensor savedRaw) {
    if (parametrizations.isEmpty() && !savedRaw.shape().equals(shape)) {
      throw new ShapeException(name + ": got " + savedRaw.shape() + ", expected " + shape);
    }
    raw = savedRaw.to(dtype);
    changed();
  }

  /**
   * Converts raw value and slots to another floating type, for proofs in F64; integer buffers are
   * left alone.
   */
  public void convert(DType other) {
    if (!dtype.isFloating() || other == dtype) {
      return;
    }
    dtype = other;
    if (raw != null) {
      raw = raw.to(other);
    }
    slots.values().stream()
        .filter(slot -> slot.tensor().dtype().isFloating())
        .forEach(slot -> slot.set(slot.tensor().to(other)));
    parametrizations.forEach(p -> p.parameters().values().forEach(own -> own.convert(other)));
    changed();
  }

  /**
   * Attaches a parametrization behind those attached before; raw becomes its right inverse of the
   * present raw.
   */
  public void attach(Parametrization parametrization) {
    if (raw != null) {
      raw = parametrization.assign(raw);
    }
    parametrizations.add(parametrization);
    if (raw != null) {
      checkEffectiveShape(parametrization);
    }
    changed();
  }

  /** Attaches a parametrization whose raw value is restored separately, as loading does. */
  public void attachForLoading(Parametrization parametrization) {
    parametrizations.add(parametrization);
    changed();
  }

  private void checkEffectiveShape(Parametrization parametrization) {
    Shape effective = value().shape();
    if (!effective.equals(shape)) {
      parametrizations.remove(parametrization);
      throw new ShapeException(
          "%s: %s gives %s, a parametrization must keep %s"
              .formatted(name, parametrization.spec().type(), effective, shape));
    }
  }

  /** Returns the attached parametrizations in order of application. */
  public List<Parametrization> parametrizations() {
    return Collections.unmodifiableList(parametrizations);
  }

  /**
   * Bakes the effective value into raw and detaches all parametrizations; what layers see stays the
   * same.
   */
  public void fold() {
    Tensor effective = value().copy();
    parametrizations.clear();
    raw = effective;
    changed();
  }

  /**
   * Returns the effective value as a constant; kept until something it depends on changes. Not to
   * be modified.
   */
  public Tensor value() {
    long now = version();
    Frozen known = frozen;
    if (known != null && known.version == now) {
      return known.value;
    }
    Tensor value = raw();
    if (!parametrizations.isEmpty()) {
      Var effective = Var.constant(value);
      try (Pass pass = Pass.study()) {
        for (Parametrization parametrization : parametrizations) {
          effective = parametrization.apply(pass, effective);
        }
      }
      value = effective.value();
    }
    Tensor flushed = Denormals.flushed(value).frozen();
    frozen = new Frozen(now, flushed);
    return flushed;
  }

  /**
   * Returns the slot of a name, made on first use; one restored from a file gets the cutter, if
   * given.
   */
  public Slot slot(String slotName, Supplier<Tensor> initial, Slot.Cutter cutter) {
    Slot slot = slots.computeIfAbsent(slotName, key -> new Slot(initial.get()));
    slot.cutter(cutter);
    return slot;
  }

  /** Returns the tensor of a slot of the parameter's shape, zeros on first use. */
  public Tensor slot(String slotName) {
    return slot(slotName, () -> Tensor.zeros(dtype, raw().shape()), null).tensor();
  }

  /** Returns all slots by name, live. */
  public Map<String, Slot> slots() {
    return slots;
  }

  /** Keeps only some indices of an axis, in raw value, parametrizations and slots together. */
  public void cut(int axis, Indices keep) {
    int normal = shape.axis(axis);
    if (keep.size() != shape.size(normal)) {
      throw new IllegalArgumentException(
          "%s: axis %d has %d indices, the kept ones are out of %d"
              .formatted(name, normal, shape.size(normal), keep.size()));
    }
    slots.values().forEach(slot -> slot.cut(this, normal, keep));
    if (raw != null && raw.shape().equals(shape)) {
      raw = Cuts.along(raw, normal, keep);
    }
    parametrizations.forEach(parametrization -> parametrization.cut(normal, keep));
    shape = shape.with(normal, keep.count());
    changed();
  }

  /**
   * Replaces raw value and declared shape, for index buffers that are renumbered; slots are
   * dropped.
   */
  public void replace(Tensor other) {
    raw = other;
    shape = other.shape();
    dtype = other.dtype();
    slots.clear();
    changed();
  }

  @Override
  public String toString() {
    return name + " " + dtype + shape;
  }
}
