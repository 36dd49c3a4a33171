package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.loss.Mse;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class PortTest {
  /** Multiplies by a trainable number and notes where it was asked. */
  private static final class Factor implements Parametrization {
    private final Parameter factor;
    private final List<String> scopes = new ArrayList<>();

    Factor(double value) {
      factor = Parameter.trainable("factor", Tensor.of(Shape.of(1), (float) value));
    }

    @Override
    public Var apply(Pass pass, Var raw) {
      scopes.add(pass.tape().scope());
      return Ops.affine(raw, factor.raw().get(0), 0);
    }

    @Override
    public Map<String, Parameter> parameters() {
      return Map.of("factor", factor);
    }

    @Override
    public Spec spec() {
      return Spec.of("factor");
    }
  }

  private static Sequential net() {
    Sequential net =
        Sequential.builder()
            .add("conv", new Conv2d(2, 3, 3))
            .add("norm", new BatchNorm(3))
            .add("relu", Activation.relu())
            .build();
    net.initialize(3);
    net.parameter("norm.running_mean").update(mean -> mean.fill(0.3));
    return net;
  }

  private static Tensor x() {
    Tensor x = Tensor.zeros(2, 6, 6, 2);
    Random random = Random.of(5);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, random.normal(i));
    }
    return x;
  }

  private static Tensor infer(Module net, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return net.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static void assertClose(double factor, Tensor expected, Tensor actual) {
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(factor * expected.get(i), actual.get(i), 1e-5);
    }
  }

  @Test
  void whatIsAttachedToAnOutputTransformsItInEveryPassAlsoWhereLayersWouldFuse() {
    Sequential net = net();
    Tensor plain = infer(net, x());
    for (String name : List.of("norm", "relu", "conv")) {
      Sequential scaled = net();
      Factor factor = new Factor(name.equals("conv") ? 1 : 2);
      scaled.children().get(name).output().attach(factor);
      assertClose(name.equals("conv") ? 1 : 2, plain, infer(scaled, x()));
      assertEquals(1, factor.scopes.size(), name);
      try (Pass study = Pass.study()) {
        assertClose(
            name.equals("conv") ? 1 : 2, plain, scaled.apply(study, study.input(x())).value());
      }
      assertEquals(name, factor.scopes.get(1));
    }
  }

  @Test
  void whatIsAttachedToAnInputTransformsWhatTheModuleSees() {
    Sequential twice = net();
    twice.input().attach(new Factor(2));
    Tensor doubled = x();
    for (int i = 0; i < doubled.count(); i++) {
      doubled.set(i, 2 * doubled.get(i));
    }
    assertClose(1, infer(net(), doubled), infer(twice, x()));
    Sequential inside = net();
    inside.children().get("relu").input().attach(new Factor(3));
    assertClose(3, infer(net(), x()), infer(inside, x()));
  }

  @Test
  void gradientsPassThroughTransforms() {
    Sequential net = net();
    net.children().get("relu").output().attach(new Factor(2));
    net.children().get("conv").input().attach(new Factor(0.5));
    Sequential plain = net();
    Tensor[] gradients = new Tensor[2];
    for (int k = 0; k < 2; k++) {
      Module model = k == 0 ? net : plain;
      try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
        Var y = model.apply(pass, pass.input(x()));
        Gradients found = Walk.gradient(new Mse().of(pass, y, Tensor.zeros(y.dtype(), y.shape())));
        gradients[k] = found.of(model.parameter("norm.bias")).copy();
      }
    }
    // The norm undoes the input's factor, but for its epsilon.
    for (int i = 0; i < 3; i++) {
      assertEquals(4 * gradients[1].get(i), gradients[0].get(i), 1e-3);
    }
  }

  @Test
  void ownParametersOfTransformsAreListedAndDescribed() {
    Sequential net = net();
    net.children().get("relu").output().attach(new Factor(2));
    net.input().attach(new Factor(1));
    assertTrue(net.state().containsKey("relu.output.factor.factor"));
    assertTrue(net.state().containsKey("input.factor.factor"));
    assertEquals(
        "factor", net.spec().children().get("relu").parametrizations().get("output").get(0).type());
    assertEquals("factor", net.spec().parametrizations().get("input").get(0).type());
    assertTrue(net.isInitialized());
  }

  @Test
  void transformsComeOffAndAnotherShapeIsRefused() {
    Sequential net = net();
    Factor factor = new Factor(2);
    net.output().attach(factor);
    assertFalse(net.output().isEmpty());
    net.output().detach(factor);
    assertTrue(net.output().isEmpty());
    assertThrows(IllegalArgumentException.class, () -> net.output().detach(factor));
    net.output()
        .attach(
            new Parametrization() {
              @Override
              public Var apply(Pass pass, Var raw) {
                return Ops.flatten(raw);
              }

              @Override
              public Spec spec() {
                return Spec.of("flat");
              }
            });
    assertThrows(ShapeException.class, () -> infer(net, x()));
  }
}
