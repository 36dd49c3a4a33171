package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class PassObserveTest {
  private static Sequential net() {
    return Values.randomize(
        Sequential.builder()
            .add("conv", new Conv2d(2, 3, ConvConfig.kernel(3).withPadding(1)))
            .add("norm", new BatchNorm(3))
            .add("relu", Activation.relu())
            .add("conv2", new Conv2d(3, 4, 3))
            .build(),
        1);
  }

  /** Returns what the study pass, which fuses nothing, records for a module. */
  private static Tensor studied(Module model, Tensor x, String path) {
    try (Pass pass = Pass.study()) {
      model.apply(pass, pass.input(x));
      List<Call> calls =
          pass.tape().calls().stream().filter(call -> call.scope().equals(path)).toList();
      return calls.get(calls.size() - 1).out().copy();
    }
  }

  @Test
  void keepsInnerValuesOfAnInferPassThoughTheyAreReleasedAndWouldBeFused() {
    Sequential model = net();
    Tensor x = Values.normal(2, 2, 6, 6, 2);
    Workspace workspace = new Workspace();
    for (String path : List.of("conv", "norm", "relu", "conv2")) {
      try (Pass pass = Pass.infer(workspace)) {
        pass.observe(path);
        model.apply(pass, pass.input(x));
        Values.assertClose(studied(model, x, path), pass.observed(path).value(), 1e-5);
      }
    }
  }

  @Test
  void observedValuesOfATrainPassCarryGradient() {
    Sequential model = net();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      pass.observe("norm");
      pass.observe("relu");
      model.apply(pass, pass.input(Values.normal(2, 2, 6, 6, 2)));
      assertTrue(pass.observed("relu").needsGradient());
      double least = least(pass.observed("norm").value());
      assertTrue(least < 0, "the norm's own output, not the rectified one: " + least);
      assertEquals(0, least(pass.observed("relu").value()));
    }
  }

  private static double least(Tensor tensor) {
    double least = tensor.get(0);
    for (double value : tensor.toDoubles()) {
      least = Math.min(least, value);
    }
    return least;
  }

  @Test
  void callsOfASharedModuleAreToldApart() {
    Linear shared = Values.randomize(new Linear(3, 3), 4);
    Sequential model = new Sequential(Map.of("only", shared));
    Sequential twice = Sequential.builder().add("a", shared).add("b", shared).build();
    Tensor x = Values.normal(5, 2, 3);
    try (Pass pass = Pass.infer(new Workspace())) {
      String name = shared.name();
      pass.observe(name);
      pass.observe(name + "#2");
      Tensor y = twice.apply(pass, pass.input(x)).value();
      assertTrue(pass.observed(name + "#2").value().bitEquals(y));
      assertTrue(pass.observed(name).value().bitEquals(Values.infer(model, x)));
    }
  }

  @Test
  void tellsWhatWasNotAskedForAndWhatDidNotRun() {
    try (Pass pass = Pass.infer(new Workspace())) {
      pass.observe("nowhere");
      net().apply(pass, pass.input(Values.normal(2, 1, 6, 6, 2)));
      String unknown =
          assertThrows(IllegalArgumentException.class, () -> pass.observed("nowhere")).getMessage();
      assertTrue(unknown.contains("no module ran at 'nowhere'"), unknown);
      String unasked =
          assertThrows(IllegalArgumentException.class, () -> pass.observed("conv")).getMessage();
      assertTrue(unasked.contains("not observed"), unasked);
    }
  }
}
