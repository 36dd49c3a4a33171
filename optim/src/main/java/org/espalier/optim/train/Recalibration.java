package org.espalier.optim.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.Random;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Estimates the running statistics of batch norms again, on a model whose weights were changed
 * behind their back: pruned, quantised, averaged. Batches go through in train passes without an
 * optimizer step, so no weight moves.
 *
 * @param batches where the batches come from, those of epoch 0; only inputs are read
 * @param count the most batches that are looked at
 * @param fresh whether the old statistics are forgotten: the new ones are then the plain mean of
 *     those of all batches, whatever the layers' momentum; else they move on from the old ones as
 *     in training
 */
public record Recalibration(Batches batches, int count, boolean fresh) {
  /** Creates the recalibration. */
  public Recalibration {
    if (count < 1 || batches.count() < 1) {
      throw new IllegalArgumentException(
          "recalibration needs at least one batch, got %d of %d".formatted(count, batches.count()));
    }
  }

  /** Returns a recalibration on all batches that forgets the old statistics. */
  public static Recalibration fresh(Batches batches) {
    return new Recalibration(batches, Integer.MAX_VALUE, true);
  }

  /** Returns a recalibration on all batches that moves on from the old statistics. */
  public static Recalibration moving(Batches batches) {
    return new Recalibration(batches, Integer.MAX_VALUE, false);
  }

  /** Returns this recalibration on fewer batches. */
  public Recalibration withBatches(int most) {
    return new Recalibration(batches, most, fresh);
  }

  /** Estimates the statistics; they are all that is modified. */
  public void apply(Module model) {
    List<Statistics> statistics = new ArrayList<>();
    if (fresh) {
      for (Module module : model.modules().values()) {
        if (module instanceof BatchNorm norm && norm.runningMean() != null) {
          statistics.add(new Statistics(norm));
        }
      }
    }
    try {
      run(model, statistics);
      statistics.forEach(Statistics::finish);
    } catch (RuntimeException failure) {
      statistics.forEach(Statistics::restore);
      throw failure;
    }
  }

  private void run(Module model, List<Statistics> statistics) {
    Workspace workspace = new Workspace();
    Random random = Random.of(0).stream("recalibration");
    Iterator<Batch> iterator = batches.epoch(0, 0);
    try {
      for (int i = 0; i < count && iterator.hasNext(); i++) {
        statistics.forEach(Statistics::clear);
        try (Pass pass = Pass.train(workspace, random.at(i))) {
          model.apply(pass, pass.input(iterator.next().x()));
        }
        statistics.forEach(Statistics::add);
      }
    } finally {
      Closing.close(iterator);
    }
  }

  /**
   * Sums what single batches give. The layer mixes a batch into what is there, {@code r ← (1-a)·r +
   * a·batch}; from zero that is {@code (1 - (1-a)^k)} times the batch's own when it is called k
   * times in a pass.
   */
  private static final class Statistics {
    private final BatchNorm norm;
    private final Parameter counter;
    private final Tensor oldMean;
    private final Tensor oldVariance;
    private final int oldCount;
    private final double[] means;
    private final double[] variances;
    private long version;
    private int batches;

    Statistics(BatchNorm norm) {
      this.norm = norm;
      if (norm.config().momentum() != null && norm.config().momentum() == 0) {
        throw new StateException(
            "recalibration: batch norm '%s' has momentum 0 and takes no statistics"
                .formatted(norm.name()));
      }
      counter =
          norm.ownParameters().values().stream()
              .filter(parameter -> parameter.isBuffer() && !parameter.dtype().isFloating())
              .findFirst()
              .orElse(null);
      oldMean = norm.runningMean().raw().copy();
      oldVariance = norm.runningVariance().raw().copy();
      oldCount = counter == null ? 0 : (int) counter.raw().get(0);
      means = new double[oldMean.count()];
      variances = new double[oldMean.count()];
    }

    void clear() {
      norm.runningMean().update(raw -> fill(raw, new double[means.length]));
      norm.runningVariance().update(raw -> fill(raw, new double[means.length]));
      count(0);
      version = norm.runningMean().version();
    }

    void add() {
      long calls = norm.runningMean().version() - version;
      Double momentum = norm.config().momentum();
      double weight = momentum == null ? 1 : 1 - Math.pow(1 - momentum, calls);
      if (calls > 0) {
        batches++;
        for (int c = 0; c < means.length; c++) {
          means[c] += norm.runningMean().raw().get(c) / weight;
          variances[c] += norm.runningVariance().raw().get(c) / weight;
        }
      }
    }

    void finish() {
      if (batches == 0) {
        restore();
        return;
      }
      norm.runningMean().update(raw -> fill(raw, mean(means)));
      norm.runningVariance().update(raw -> fill(raw, mean(variances)));
      count(batches);
    }

    void restore() {
      norm.runningMean().update(raw -> fill(raw, oldMean.toDoubles()));
      norm.runningVariance().update(raw -> fill(raw, oldVariance.toDoubles()));
      count(oldCount);
    }

    private void count(int value) {
      if (counter != null) {
        counter.update(raw -> raw.set(0, value));
      }
    }

    private static void fill(Tensor raw, double... values) {
      for (int c = 0; c < values.length; c++) {
        raw.set(c, values[c]);
      }
    }

    private double[] mean(double... sums) {
      return Arrays.stream(sums).map(sum -> sum / batches).toArray();
    }
  }
}
