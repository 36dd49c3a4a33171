package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

/** Checks that what follows a nested Sequential fuses with its last child as if it were flat. */
class NestedFusionTest {
  private final Conv2d reduce = new Conv2d(3, 2, 3);
  private final Conv2d expand = new Conv2d(2, 6, 1);
  private final BatchNorm norm = new BatchNorm(6);
  private final Activation relu = Activation.relu();
  private final Sequential flat =
      Sequential.builder()
          .add("reduce", reduce)
          .add("expand", expand)
          .add("norm", norm)
          .add("relu", relu)
          .build();
  private final Sequential nested =
      Sequential.builder()
          .add("pair", Sequential.builder().add("reduce", reduce).add("expand", expand).build())
          .add("norm", norm)
          .add("relu", relu)
          .build();
  private final Tensor x = Values.normal(1, 2, 7, 7, 3);

  NestedFusionTest() {
    Values.randomize(flat, 1);
    norm.runningVariance().update(raw -> raw.fill(0.3));
  }

  @Test
  void foldsANormIntoTheLastConvolutionOfAPair() {
    assertTrue(Values.infer(flat, x).bitEquals(Values.infer(nested, x)));
    // Folded weights have other bits than a norm behind the convolution: else this shows nothing.
    assertFalse(Values.infer(flat, x).bitEquals(Values.study(flat, x)));
    assertTrue(Values.study(flat, x).bitEquals(Values.study(nested, x)));
  }

  @Test
  void aTrainPassRunsNormAndRectifierInOneCallAcrossTheBorder() {
    Sequential split =
        Sequential.builder()
            .add(
                "block",
                Sequential.builder().add("conv", reduce).add("norm", new BatchNorm(2)).build())
            .add("relu", Activation.relu())
            .build();
    split.initialize(1);
    List<String> ops = new ArrayList<>();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      split.apply(pass, pass.input(x));
      pass.tape().calls().forEach(call -> ops.add(call.op().name()));
    }
    assertEquals(List.of("conv2d", "batch_norm_relu"), ops);
  }

  /** Doubles what passes, and counts. */
  private static final class Doubling implements Parametrization {
    private int count;

    @Override
    public Var apply(Pass pass, Var raw) {
      count++;
      return Ops.affine(raw, 2, 0);
    }

    @Override
    public Spec spec() {
      return Spec.of("doubling");
    }
  }

  @Test
  void portsOfEveryModuleActOnceAndStopFusion() {
    for (Module module : List.of(relu, norm, expand, nested.children().get("pair"))) {
      Doubling doubling = new Doubling();
      module.output().attach(doubling);
      Tensor y = Values.infer(nested, x);
      assertEquals(1, doubling.count, module.name());
      Tensor expected = Values.study(nested, x);
      for (int i = 0; i < y.count(); i++) {
        assertEquals(expected.get(i), y.get(i), 1e-4, module.name());
      }
      module.output().detach(doubling);
    }
  }

  @Test
  void anObservedChildOfThePairIsSeenAsItIs() {
    Tensor wanted;
    try (Pass pass = Pass.study()) {
      wanted = expand.apply(pass, reduce.apply(pass, pass.input(x))).value().copy();
    }
    try (Pass pass = Pass.infer(new Workspace())) {
      pass.observe("pair.expand");
      nested.apply(pass, pass.input(x));
      assertTrue(wanted.bitEquals(pass.observed("pair.expand").value()));
    }
  }
}
