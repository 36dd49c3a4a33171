package org.espalier.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Holds everything a run is at one moment: architecture, values, optimizer slots, and plain records
 * of the rest. A model that is merely saved has no slots and no training record.
 *
 * <p>The maps hold plain values only: strings, booleans, {@code Long}, {@code Double}, lists and
 * maps of them; a store keeps every bit of a double. A training record may hold tensors, too.
 *
 * @param spec the architecture as data
 * @param state raw values of parameters and buffers by path
 * @param slots optimizer slots by {@code path#slot}
 * @param training position, schedule, callbacks, metrics: what the trainer needs to go on
 * @param meta what users of the model need: input shape, normalisation, class names, options, seed
 */
public record Snapshot(
    Spec spec,
    Map<String, Tensor> state,
    Map<String, Tensor> slots,
    Map<String, Object> training,
    Map<String, Object> meta) {
  private static final String SLOT = "#";

  /** Keeps snapshots by name; {@code io} has one that writes files. */
  public interface Store {
    /** Saves a snapshot; a crash leaves the one before. */
    void save(String name, Snapshot snapshot);

    /** Loads a snapshot; refused where there is none of this name. */
    Snapshot load(String name);

    /** Tells whether there is a snapshot of this name. */
    boolean has(String name);
  }

  /** Creates the snapshot; the maps are copied, the tensors are not. */
  public Snapshot {
    state = Collections.unmodifiableMap(new LinkedHashMap<>(state));
    slots = Collections.unmodifiableMap(new LinkedHashMap<>(slots));
    training = Collections.unmodifiableMap(new LinkedHashMap<>(training));
    meta = Collections.unmodifiableMap(new LinkedHashMap<>(meta));
  }

  /** Copies a model's architecture and values, without slots and training record. */
  public static Snapshot of(Module model, Map<String, Object> meta) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    model.state().forEach((path, parameter) -> state.put(path, parameter.raw().copy()));
    return new Snapshot(model.spec(), state, Map.of(), Map.of(), meta);
  }

  /** Copies a model with its optimizer slots and the trainer's record, tensors in it included. */
  public static Snapshot of(Module model, Map<String, Object> meta, Map<String, Object> training) {
    Snapshot values = of(model, meta);
    Map<String, Tensor> slots = new LinkedHashMap<>();
    model
        .state()
        .forEach(
            (path, parameter) ->
                parameter
                    .slots()
                    .forEach((name, slot) -> slots.put(path + SLOT + name, slot.tensor().copy())));
    return new Snapshot(values.spec, values.state, slots, copied(training), meta);
  }

  private static Map<String, Object> copied(Map<String, Object> record) {
    Map<String, Object> copy = new LinkedHashMap<>();
    record.forEach((key, value) -> copy.put(key, copied(value)));
    return copy;
  }

  private static Object copied(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((key, entry) -> copy.put(String.valueOf(key), copied(entry)));
      return copy;
    }
    return value instanceof Tensor tensor ? tensor.copy() : value;
  }

  /** Builds the model anew from the architecture and restores values and slots; names no class. */
  public Module build() {
    Module model =
        ModuleTypes.build(spec, path -> state.containsKey(path) ? state.get(path).shape() : null);
    restore(model);
    return model;
  }

  /**
   * Restores values and slots into a model of the same architecture, which is modified; refused
   * where paths differ.
   */
  public void restore(Module model) {
    Map<String, Parameter> parameters = model.state();
    if (!parameters.keySet().equals(state.keySet())) {
      throw new FormatException(
          "snapshot: its values are %s, the model's are %s"
              .formatted(state.keySet(), parameters.keySet()));
    }
    parameters.forEach(
        (path, parameter) -> {
          parameter.restore(state.get(path).copy());
          parameter.slots().clear();
        });
    slots.forEach(
        (key, tensor) -> {
          int mark = key.lastIndexOf(SLOT);
          Parameter parameter = mark < 0 ? null : parameters.get(key.substring(0, mark));
          if (parameter == null) {
            throw new FormatException(
                "snapshot: the slot '" + key + "' belongs to no parameter of the model");
          }
          parameter.slots().put(key.substring(mark + 1), new Slot(tensor.copy()));
        });
  }
}
