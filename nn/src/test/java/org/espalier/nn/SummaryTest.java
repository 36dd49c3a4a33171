package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.junit.jupiter.api.Test;

class SummaryTest {
  @Test
  void summaryListsLayersInOrderAndPrintsTotals() {
    Linear twice = new Linear(4, 4);
    Module model = Sequential.of(twice, Activation.tanh(), twice, new Linear(4, 2, false));
    Summary summary = model.summary(4);
    assertEquals(
        List.of(
            "0 linear [4] 20 16",
            "1 activation [4] 0 0",
            "0#2 linear [4] 0 16",
            "3 linear [2] 8 8"),
        summary.rows().stream()
            .map(
                r ->
                    r.path()
                        + " "
                        + r.type()
                        + " "
                        + r.output()
                        + " "
                        + r.params()
                        + " "
                        + r.macs())
            .toList());
    String table = summary.toString();
    assertTrue(table.startsWith("layer"), table);
    assertTrue(table.contains("total"), table);
    assertTrue(ResNet.cifar(20, 10).summary(32, 32, 3).toString().contains("40,551,040"));
  }

  @Test
  void summaryShowsWhatHasParametersButDoesNotRun() {
    Module forgetful = new Forgetful();
    Summary summary = forgetful.summary(3);
    assertEquals("forgotten", summary.rows().get(2).path());
    assertEquals(9, summary.total().params());
    assertTrue(summary.toString().contains("not run"));
  }

  /** Runs one of its two children. */
  private static final class Forgetful extends Module {
    private final Linear used = child("used", new Linear(3, 1));

    Forgetful() {
      child("forgotten", new Linear(4, 1));
    }

    @Override
    protected Var forward(Pass pass, Var x) {
      return Ops.tanh(used.apply(pass, x));
    }

    @Override
    protected Spec describe() {
      return Spec.of("forgetful");
    }
  }
}
