package org.espalier.cli;

import java.util.Arrays;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Measures how long a model takes for a batch: the median of many runs after a warm-up. The system
 * property {@code espalier.latency.seconds} changes how long is measured for each model, 1 by
 * default.
 */
final class Latency {
  private static final double SECONDS =
      Double.parseDouble(System.getProperty("espalier.latency.seconds", "1"));
  private static final double WARM_UP_SECONDS = 0.4 * SECONDS;
  private static final int FEWEST_RUNS = SECONDS < 1 ? 1 : 15;
  private static final int MOST_RUNS = 1000;

  private Latency() {}

  /**
   * Returns the median milliseconds of each model, taken in turns so that a drift of the machine
   * hits all alike.
   */
  static double[] medians(Shape sample, int batch, Module... models) {
    Tensor x = noise(sample.batched(batch));
    Workspace workspace = new Workspace();
    for (Module model : models) {
      long end = System.nanoTime() + (long) (WARM_UP_SECONDS * 1e9);
      while (System.nanoTime() < end) {
        run(model, x, workspace);
      }
    }
    double[][] times = new double[models.length][MOST_RUNS];
    long end = System.nanoTime() + (long) (SECONDS * 1e9 * models.length);
    int done = 0;
    while (done < FEWEST_RUNS || System.nanoTime() < end && done < MOST_RUNS) {
      for (int i = 0; i < models.length; i++) {
        times[i][done] = run(models[i], x, workspace);
      }
      done++;
    }
    double[] medians = new double[models.length];
    for (int i = 0; i < models.length; i++) {
      double[] sorted = Arrays.copyOf(times[i], done);
      Arrays.sort(sorted);
      medians[i] = sorted[done / 2];
    }
    return medians;
  }

  private static double run(Module model, Tensor x, Workspace workspace) {
    long start = System.nanoTime();
    try (Pass pass = Pass.infer(workspace)) {
      model.apply(pass, pass.input(x));
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private static Tensor noise(Shape shape) {
    Tensor x = Tensor.zeros(DType.F32, shape);
    Random random = Random.of(0).stream("latency");
    for (int i = 0; i < x.count(); i++) {
      x.set(i, random.normal(i));
    }
    return x;
  }
}
