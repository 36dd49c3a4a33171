package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Linear;
import org.espalier.optim.Group;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.mask.LearnedMask;
import org.espalier.sparse.mask.MaskGradientNormalization;
import org.espalier.sparse.mask.SparseConnectivity;
import org.espalier.sparse.mask.SparseConnectivityBuilder;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Repeats a training of linear layers with learned masks, step by step. */
final class GoldenSclTraining {
  private final GoldenCase golden;
  private final Tensor x;
  private final Tensor labels;
  private final List<LearnedMask> masks = new ArrayList<>();
  private final Module model;

  GoldenSclTraining(GoldenCase golden) {
    this.golden = golden;
    x = golden.tensor("x", DType.F32);
    labels = golden.tensor("labels", DType.I32);
    Sequential.Builder layers = Sequential.builder();
    for (int i = 1; golden.has("w" + i); i++) {
      if (i > 1) {
        layers.add("relu" + i, Activation.relu());
      }
      layers.add("l" + i, layer(i));
    }
    model = layers.build();
    model.state();
  }

  private Linear layer(int i) {
    Tensor weight = golden.tensor("w" + i, DType.F32);
    Linear layer = new Linear(weight.shape().size(1), weight.shape().size(0));
    layer.initialize(1);
    layer.weight().set(weight);
    layer.bias().update(bias -> bias.fill(0));
    LearnedMask mask = GoldenSclTest.mask(golden, golden.tensor("m" + i, DType.F32));
    layer.weight().attach(mask);
    masks.add(mask);
    return layer;
  }

  private SparseConnectivity callback() {
    SparseConnectivityBuilder builder =
        SparseConnectivity.builder(Shape.of(x.shape().size(2)), golden.number("lambda"))
            .straightThrough(masks.get(0).proxy())
            .allowNonPositiveProxy()
            .normalization(MaskGradientNormalization.of(golden.text("mask_gradient_norm")))
            .maskOptimizer(sgd(golden.number("lr_mask")).build());
    return builder.build();
  }

  private Sgd.Builder sgd(double rate) {
    return Sgd.builder().rate(rate).momentum(golden.number("momentum"));
  }

  private static int[] slice(Tensor all, int step) {
    int size = all.shape().size(1);
    int[] part = new int[size];
    for (int i = 0; i < size; i++) {
      part[i] = (int) all.get(step * size + i);
    }
    return part;
  }

  private Tensor batch(int step) {
    Tensor batch = Tensor.zeros(DType.F32, Shape.of(x.shape().size(1), x.shape().size(2)));
    for (int i = 0; i < batch.count(); i++) {
      batch.set(i, x.get(step * batch.count() + i));
    }
    return batch;
  }

  void run() {
    SparseConnectivity scl = callback();
    Group biases = Group.of(parameter -> parameter.name().endsWith("bias")).weightDecay(0);
    Optimizer optimizer =
        scl.optimizer(
            sgd(golden.number("lr_weight"))
                .weightDecay(golden.number("weight_decay_on_weights"))
                .group(biases)
                .build());
    List<Object> objective = new ArrayList<>();
    List<Object> active = new ArrayList<>();
    Map<String, List<Tensor>> after = new LinkedHashMap<>();
    for (int step = 0; step < x.shape().size(0); step++) {
      active.add(masks.stream().mapToLong(LearnedMask::active).sum());
      objective.add(step(scl, optimizer, step));
      values()
          .forEach(
              (key, p) -> after.computeIfAbsent(key, k -> new ArrayList<>()).add(p.raw().copy()));
    }
    golden.expect("objective_before_each_step", objective);
    golden.expect("active_before_each_step", active);
    values()
        .forEach(
            (key, parameter) -> {
              if (golden.expects(key + "_after_each_step")) {
                golden.expect(key + "_after_each_step", stack(after.get(key)));
              }
              if (golden.expects(key + "_final")) {
                golden.expect(key + "_final", parameter.raw());
              }
            });
  }

  private double step(SparseConnectivity scl, Optimizer optimizer, int number) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(number))) {
      Var logits = model.apply(pass, pass.input(batch(number)));
      Var loss = Losses.crossEntropy(logits, pass.input(Tensor.indices(slice(labels, number))));
      double objective = loss.value().item() + scl.regularizer().of(masks);
      Gradients gradients = Walk.gradient(loss);
      Step step = Step.of(pass.tape(), gradients);
      scl.backwardDone(step);
      optimizer.step(step);
      scl.stepDone(step);
      return objective;
    }
  }

  private Map<String, Parameter> values() {
    Map<String, Parameter> values = new LinkedHashMap<>();
    for (int i = 1; i <= masks.size(); i++) {
      values.put("w" + i, model.parameter("l" + i + ".weight"));
      values.put("bias" + i, model.parameter("l" + i + ".bias"));
      values.put("m" + i, masks.get(i - 1).score());
    }
    return values;
  }

  private static Tensor stack(List<Tensor> tensors) {
    Shape one = tensors.get(0).shape();
    int[] sizes = new int[one.rank() + 1];
    sizes[0] = tensors.size();
    for (int axis = 0; axis < one.rank(); axis++) {
      sizes[axis + 1] = one.size(axis);
    }
    Tensor all = Tensor.zeros(DType.F32, Shape.of(sizes));
    for (int i = 0; i < all.count(); i++) {
      all.set(i, tensors.get(i / one.count()).get(i % one.count()));
    }
    return all;
  }
}
