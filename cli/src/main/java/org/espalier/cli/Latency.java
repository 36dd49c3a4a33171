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
 * Measures how long a model takes for a batch: the median of many runs after a warm-up, which lasts
 * until runs get no faster. The system property {@code espalier.latency.seconds} changes how long
 * is measured for each model, 1 by default.
 *
 * <p>Why not a fixed warm-up: the compiler works on other processors while runs go on, and where
 * these are few it takes one of the model's own. A network measured then seemed to run twice as
 * long.
 */
final class Latency {
  private static final double SECONDS =
      Double.parseDouble(System.getProperty("espalier.latency.seconds", "1"));

  /** Runs of a warm-up are compared by windows so long. */
  private static final double WINDOW_SECONDS = 0.4 * SECONDS;

  /** A window is faster than those before it if its median is below this share of theirs. */
  private static final double FASTER = 0.97;

  /** Windows in a row that are no faster before the warm-up ends. */
  private static final int STEADY_WINDOWS = 3;

  private static final int MOST_WINDOWS = SECONDS < 1 ? 1 : 20;
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
      warmUp(model, x, workspace);
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
      medians[i] = median(times[i], done);
    }
    return medians;
  }

  /** Runs a model until some windows in a row are no faster than the fastest before them. */
  private static void warmUp(Module model, Tensor x, Workspace workspace) {
    double[] times = new double[MOST_RUNS];
    double fastest = Double.POSITIVE_INFINITY;
    int steady = 0;
    for (int window = 0; window < MOST_WINDOWS && steady < STEADY_WINDOWS; window++) {
      long end = System.nanoTime() + (long) (WINDOW_SECONDS * 1e9);
      int done = 0;
      while (done == 0 || done < MOST_RUNS && System.nanoTime() < end) {
        times[done++] = run(model, x, workspace);
      }
      double median = median(times, done);
      steady = median < FASTER * fastest ? 0 : steady + 1;
      fastest = Math.min(fastest, median);
    }
  }

  private static double median(double[] times, int count) {
    double[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted[count / 2];
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
