package org.espalier.sparse.distillation;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Draws one inner value of the student, mapped by a learned regressor, to one of the teacher's. */
final class FeatureHint {
  private static final String SLOT = "#";

  private final String name;
  private final String teacherPath;
  private final String studentPath;
  private final double weight;
  private Module holder;

  FeatureHint(int index, String teacherPath, String studentPath, double weight) {
    if (!(weight > 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          "distillation: the weight of a hint must be above 0 and finite, got " + weight);
    }
    this.name = "hint" + index;
    this.teacherPath = teacherPath;
    this.studentPath = studentPath;
    this.weight = weight;
  }

  String teacherPath() {
    return teacherPath;
  }

  String studentPath() {
    return studentPath;
  }

  /** Returns {@code weight · ½ · mean (r(student) - goal)²}. */
  Var term(Pass pass, Tensor goal) {
    Var guided = pass.observed(studentPath);
    int channels = goal.shape().size(-1);
    Shape wanted = guided.shape().with(guided.shape().rank() - 1, channels);
    if (!wanted.equals(goal.shape())) {
      throw new IllegalArgumentException(
          "distillation: '%s' of the student gives %s, '%s' of the teacher %s; they may differ in the last axis only"
              .formatted(studentPath, guided.shape(), teacherPath, goal.shape()));
    }
    if (holder == null) {
      holder = regressor(guided.shape().size(-1), channels);
      holder.initialize(0);
    }
    Var mapped = holder.apply(pass, guided);
    Var distance = Losses.mse(mapped, pass.input(goal), LossReduction.MEAN);
    return Ops.affine(distance, weight / 2, 0);
  }

  private Module regressor(int in, int out) {
    Module made = Sequential.builder().add(name, new Linear(in, out)).build();
    made.state();
    return made;
  }

  /** Returns the regressor's values and slots by path, none before the first step. */
  Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    if (holder != null) {
      Snapshot snapshot = Snapshot.of(holder, Map.of(), Map.of());
      state.putAll(snapshot.state());
      state.putAll(snapshot.slots());
    }
    return state;
  }

  /** Goes on from a state of all hints. */
  void restore(Map<String, Object> state) {
    Object saved = state.get(name + ".weight");
    if (saved == null) {
      holder = null;
      return;
    }
    Shape shape = tensor(name + ".weight", saved).shape();
    holder = regressor(shape.size(1), shape.size(0));
    Map<String, Parameter> parameters = holder.state();
    parameters.forEach((path, parameter) -> parameter.restore(tensor(path, state.get(path))));
    state.forEach(
        (key, value) -> {
          int mark = key.lastIndexOf(SLOT);
          Parameter parameter = mark < 0 ? null : parameters.get(key.substring(0, mark));
          if (parameter != null) {
            parameter.slot(key.substring(mark + 1), () -> tensor(key, value).copy(), null);
          }
        });
  }

  private static Tensor tensor(String key, Object value) {
    if (value instanceof Tensor tensor) {
      return tensor.copy();
    }
    throw new FormatException(
        "distillation: the snapshot's state has no tensor '%s', got %s".formatted(key, value));
  }
}
