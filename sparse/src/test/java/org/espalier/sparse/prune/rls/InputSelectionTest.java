package org.espalier.sparse.prune.rls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.LeNet;
import org.espalier.nn.model.Mlp;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class InputSelectionTest {
  @Test
  void aListOfAllInputsStandsBeforeTheFirstLayerOnce() {
    Sequential model = Mlp.of(6, 4, 2);
    assertNull(InputSelection.beforeFirst(model));
    assertNull(InputSelection.beforeFirst(model));
    assertEquals(
        List.of("flatten", "fc1_inputs", "fc1", "relu1", "fc2"),
        List.copyOf(model.children().keySet()));
    InputSelection selection = InputSelection.of(model).get(0);
    assertEquals("fc1.weight", selection.path());
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, selection.inputs());
  }

  /** The cut model reads the same samples and gives what zero columns gave. */
  @Test
  void aCutListSkipsInputsOfUnchangedSamples() {
    Module model = Mlp.of(6, 4, 2).initialize(1);
    InputSelection.beforeFirst(model);
    model.initialize(0);
    InputSelection selection = InputSelection.of(model).get(0);
    selection.weight().update(raw -> List.of(1, 7, 13, 19).forEach(i -> raw.set(i, 0)));
    Tensor x = Tensor.zeros(3, 6);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, i % 5 - 2);
    }
    Tensor before = RlsTraining.infer(model, x);
    selection.cut(Indices.of(6, 0, 2, 3, 4, 5));
    assertArrayEquals(new int[] {0, 2, 3, 4, 5}, selection.inputs());
    Module loaded = RlsTraining.copy(model);
    assertTrue(RlsTraining.infer(loaded, x).bitEquals(RlsTraining.infer(model, x)));
    assertArrayEquals(before.toDoubles(), RlsTraining.infer(loaded, x).toDoubles(), 1e-6);
  }

  @Test
  void convolutionsSelectChannelsAndInnerSequencesAreEntered() {
    Module lenet = Sequential.of(LeNet.lenet5(28, 28, 3, 10));
    assertNull(InputSelection.beforeFirst(lenet));
    assertArrayEquals(new int[] {0, 1, 2}, InputSelection.of(lenet).get(0).inputs());
  }

  @Test
  void otherFrontsAreNamed() {
    assertTrue(InputSelection.beforeFirst(new Linear(2, 2)).contains("no Sequential"));
    assertTrue(InputSelection.beforeFirst(Sequential.of(Activation.relu())).contains("'0'"));
    Conv2d grouped = new Conv2d(4, 4, ConvConfig.kernel(1).withGroups(2));
    assertTrue(InputSelection.beforeFirst(Sequential.of(grouped)).contains("groups"));
    assertEquals("it has no layer", InputSelection.beforeFirst(Sequential.of()));
  }
}
