package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Function;
import org.espalier.autograd.Var;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Makes inputs, runs models and compares results; shared by this module's tests. */
public final class Values {
  private Values() {}

  /** Returns standard normal numbers. */
  public static Tensor normal(long seed, int... sizes) {
    Tensor x = Tensor.zeros(sizes);
    Init.normal(0, 1).fill(x, Random.of(seed).stream("test"));
    return x;
  }

  /** Draws every parameter and buffer from its range: positive numbers for variances. */
  public static <M extends Module> M randomize(M model, long seed) {
    model.initialize(seed);
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (parameter.dtype().isFloating()) {
                Random random = Random.of(seed).stream(path);
                boolean variance = path.endsWith("running_var");
                Init init = variance ? Init.uniform(0.5, 2) : Init.normal(0, 0.3);
                parameter.update(raw -> init.fill(raw, random));
              }
            });
    return model;
  }

  /** Runs an infer pass and returns a copy of the output. */
  public static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  /** Runs a study pass and returns the output. */
  public static Tensor study(Module model, Tensor x) {
    try (Pass pass = Pass.study()) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  /** Runs a train pass and returns a copy of the output. */
  public static Tensor train(Module model, Tensor x, long seed) {
    return train(model, x, seed, Var::value);
  }

  private static Tensor train(Module model, Tensor x, long seed, Function<Var, Tensor> read) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(seed))) {
      return read.apply(model.apply(pass, pass.input(x))).copy();
    }
  }

  /** Runs a shape pass and returns the output's shape. */
  public static Shape shape(Module model, int... sizes) {
    try (Pass pass = Pass.shapes()) {
      return model.apply(pass, pass.input(Shape.of(sizes))).shape();
    }
  }

  /** Asserts {@code |a - e| <= tolerance · max(1, max|e|)} elementwise. */
  public static void assertClose(Tensor expected, Tensor actual, double tolerance) {
    assertEquals(expected.shape(), actual.shape());
    double scale = 1;
    for (double e : expected.toDoubles()) {
      scale = Math.max(scale, Math.abs(e));
    }
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance * scale, "element " + i);
    }
  }

  /** Asserts equal bits. */
  public static void assertSame(Tensor expected, Tensor actual) {
    assertTrue(expected.bitEquals(actual), () -> "expected " + expected + ", got " + actual);
  }
}
