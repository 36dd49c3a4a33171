package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;

/** Prepares models for comparisons. */
public final class TestModels {
  private TestModels() {}

  /** Initialises a model and gives its batch norms statistics that are not neutral. */
  public static <M extends Module> M lively(M model, long seed) {
    model.initialize(seed);
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (module instanceof BatchNorm norm) {
                Random random = Random.of(seed).stream(path);
                fill(norm.gamma(), Init.uniform(0.5, 1.5), random.stream("gamma"));
                fill(norm.beta(), Init.normal(0, 0.3), random.stream("beta"));
                fill(norm.runningMean(), Init.normal(0, 0.3), random.stream("mean"));
                fill(norm.runningVariance(), Init.uniform(0.5, 1.5), random.stream("variance"));
              }
            });
    return model;
  }

  private static void fill(Parameter parameter, Init init, Random random) {
    if (parameter != null) {
      parameter.update(raw -> init.fill(raw, random));
    }
  }

  /** Asserts equality to {@code 1e-5·(1 + max|y|)}. */
  public static void assertClose(Tensor expected, Tensor actual) {
    double most = 0;
    for (double v : expected.toDoubles()) {
      most = Math.max(most, Math.abs(v));
    }
    assertEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.toDoubles(), actual.toDoubles(), 1e-5 * (1 + most));
  }
}
