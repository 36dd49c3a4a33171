package org.espalier.sparse.quant;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.optim.train.Closing;
import org.espalier.sparse.quant.QuantizationPoints.Point;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Workspace;

/**
 * Finds the ranges of a trained model's values by looking at some batches in infer passes
 * (resource-efficiency survey, Q7). Fold batch norms first: {@link BatchNormFolding#of}.
 *
 * <pre>{@code
 * Module plain = BatchNormFolding.of(model);
 * Calibration.of(batches).withObserver(Observers.entropy()).attach(plain, sampleShape);
 * }</pre>
 *
 * @param batches where the batches come from, those of epoch 0; only inputs are read
 * @param count the most batches that are looked at
 * @param observer how a range is chosen
 * @param grid the grid that values get
 */
public record Calibration(
    Batches batches, int count, Observer.Factory observer, QuantizationGrid grid) {
  /** The number of batches, where nothing else is said. */
  public static final int DEFAULT_BATCHES = 32;

  /** Creates the calibration. */
  public Calibration {
    if (count < 1) {
      throw new IllegalArgumentException("calibration: needs at least one batch, got " + count);
    }
  }

  /** Returns a calibration on 32 batches by smallest and largest values, for 8 bits. */
  public static Calibration of(Batches batches) {
    return new Calibration(batches, DEFAULT_BATCHES, Observers.minMax(), QuantizationGrid.UINT8);
  }

  /** Returns this calibration on another number of batches. */
  public Calibration withBatches(int most) {
    return new Calibration(batches, most, observer, grid);
  }

  /** Returns this calibration with ranges chosen another way. */
  public Calibration withObserver(Observer.Factory other) {
    return new Calibration(batches, count, other, grid);
  }

  /** Returns this calibration for another grid. */
  public Calibration withGrid(QuantizationGrid other) {
    return new Calibration(batches, count, observer, other);
  }

  /** Returns the range of each point; the model is not modified. */
  public Map<Point, Range> ranges(Module model, List<Point> points) {
    Map<Point, Observer> observers = new LinkedHashMap<>();
    points.forEach(point -> observers.put(point, observer.create(point.name(), grid)));
    Workspace workspace = new Workspace();
    Iterator<Batch> iterator = batches.epoch(0, 0);
    int seen = 0;
    try {
      for (; seen < count && iterator.hasNext(); seen++) {
        observe(model, iterator.next(), workspace, observers);
      }
    } finally {
      Closing.close(iterator);
    }
    if (seen == 0) {
      throw new StateException("calibration: there is no batch to look at");
    }
    Map<Point, Range> ranges = new LinkedHashMap<>();
    observers.forEach((point, watching) -> ranges.put(point, watching.range()));
    return ranges;
  }

  private static void observe(
      Module model, Batch batch, Workspace workspace, Map<Point, Observer> observers) {
    try (Pass pass = Pass.infer(workspace)) {
      Var x = pass.input(batch.x());
      observers.keySet().forEach(point -> point.scopes().forEach(pass::observe));
      model.apply(pass, x);
      observers.forEach(
          (point, observer) -> {
            if (point.isInput()) {
              observer.observe(batch.x());
            }
            point.scopes().forEach(scope -> observer.observe(pass.observed(scope).value()));
          });
    }
  }

  /**
   * Attaches the fake quantisation of the ranges found to all points of a model but what it
   * returns, which integer inference gives as real numbers.
   *
   * @param model the model, modified
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public void attach(Module model, Shape sampleShape) {
    List<Point> points =
        QuantizationPoints.of(model, sampleShape).stream()
            .filter(point -> !point.isModelOutput())
            .toList();
    ranges(model, points)
        .forEach((point, range) -> point.port().attach(FakeQuantize.fixed(grid, range)));
  }
}
