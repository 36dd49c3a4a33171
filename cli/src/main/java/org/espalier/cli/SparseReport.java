package org.espalier.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.autograd.Call;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Linear;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.Density;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.SparseMode;

/**
 * Says which layers of a model leave out the zeros of their weights, and what it gives: each
 * convolution and linear map is timed by itself, with its zeros and without, and so is the model.
 */
final class SparseReport {
  private static final int[] BATCHES = {1, 64};
  private static final double SECONDS =
      0.05 * Double.parseDouble(System.getProperty("espalier.latency.seconds", "1"));
  private static final int FEWEST_RUNS = 5;

  private final Module model;
  private final Shape input;
  private final SparseMode mode;

  /** The set that leaves out zeros as asked for, one that never does, and one that always does. */
  private final Kernels chosen;

  private final Kernels dense;
  private final Kernels sparse;

  /**
   * Creates the report.
   *
   * @param input shape of one sample
   */
  SparseReport(Module model, Shape input, SparseMode mode) {
    this.model = model;
    this.input = input;
    this.mode = mode;
    Kernels kernels = KernelLookup.of(DType.F32);
    this.chosen = kernels.withSparse(mode);
    this.dense = kernels.withSparse(SparseMode.NEVER);
    this.sparse = kernels.withSparse(SparseMode.ALWAYS);
  }

  /** A convolution or a linear map of the model, with its weight. */
  private record Layer(Call call, Tensor weight) {
    String name() {
      return call.scope();
    }

    Shape input(int batch) {
      return withBatch(call.input(0).shape(), batch);
    }

    Shape output(int batch) {
      return withBatch(call.output().shape(), batch);
    }

    private static Shape withBatch(Shape shape, int batch) {
      int[] sizes = new int[shape.rank()];
      for (int axis = 0; axis < sizes.length; axis++) {
        sizes[axis] = axis == 0 ? batch * shape.size(0) : shape.size(axis);
      }
      return Shape.of(sizes);
    }

    ConvGeometry geometry(int batch) {
      Shape x = input(batch);
      if (call.op() instanceof Convolution convolution) {
        return convolution.geometry(x, weight.shape(), output(batch));
      }
      int in = weight.shape().size(1);
      return ConvGeometry.product(x.count() / in, in, weight.shape().size(0));
    }
  }

  private List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    try (Pass pass = Pass.study()) {
      model.apply(pass, pass.input(noise(input.batched(1))));
      for (Call call : pass.tape().calls()) {
        if (call.op() instanceof Convolution || call.op() instanceof Linear) {
          layers.add(new Layer(call, call.in(1).frozen()));
        }
      }
    }
    return layers;
  }

  /** Writes one line: in how many layers zeros are left out. */
  void summary(PrintWriter out) {
    List<Layer> layers = layers();
    long taken = layers.stream().filter(layer -> takes(layer, 64)).count();
    if (taken > 0) {
      out.println(
          "sparse      zeros left out in %d of %d layers; --sparse auto says what it gives"
              .formatted(taken, layers.size()));
    }
  }

  private boolean takes(Layer layer, int batch) {
    return chosen.isSparse(layer.geometry(batch), layer.weight());
  }

  /** Writes a table of the layers, and what the model takes in all. */
  void write(PrintWriter out) {
    List<Layer> layers = layers();
    TextTable table =
        new TextTable("layer", "weight", "nonzero", "batch", "zeros", "dense", "sparse", "ratio");
    int taken = 0;
    for (Layer layer : layers) {
      for (int batch : BATCHES) {
        boolean takes = takes(layer, batch);
        taken += takes && batch == BATCHES[BATCHES.length - 1] ? 1 : 0;
        row(table, layer, batch, takes);
      }
    }
    out.println();
    out.println(table);
    out.println();
    out.println(
        "zeros are left out in %d of %d layers (batch %d, --sparse %s)"
            .formatted(taken, layers.size(), BATCHES[BATCHES.length - 1], EvalCommand.word(mode)));
    for (int batch : BATCHES) {
      double before = latency(dense, batch);
      double now = latency(chosen, batch);
      out.println(
          "model, batch %d: dense %s, --sparse %s %s: %s times as fast"
              .formatted(
                  batch,
                  Figures.milliseconds(before),
                  EvalCommand.word(mode),
                  Figures.milliseconds(now),
                  Figures.decimal(before / now, 2)));
    }
  }

  private void row(TextTable table, Layer layer, int batch, boolean takes) {
    Density density = Density.of(layer.weight());
    ConvGeometry geometry = layer.geometry(batch);
    String without = "-";
    String ratio = "-";
    double[] times = times(layer, batch, sparse.isSparse(geometry, layer.weight()));
    if (times.length > 1) {
      without = Figures.milliseconds(times[1]);
      ratio = Figures.decimal(times[0] / times[1], 2);
    }
    table.row(
        layer.name(),
        layer.weight().shape().toString(),
        Figures.percent(density.share()),
        String.valueOf(batch),
        takes ? "left out" : "multiplied",
        Figures.milliseconds(times[0]),
        without,
        ratio);
  }

  /** Returns the least milliseconds of a layer, dense and, if it can be, sparse, in turns. */
  private double[] times(Layer layer, int batch, boolean both) {
    Tensor x = noise(layer.input(batch));
    Tensor y = Tensor.zeros(DType.F32, layer.output(batch));
    Tensor[] in = {x, layer.weight(), layer.call().in(2)};
    Kernels[] sets = both ? new Kernels[] {dense, sparse} : new Kernels[] {dense};
    double[] least = new double[sets.length];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    long end = System.nanoTime() + (long) (1e9 * SECONDS * sets.length);
    for (int run = 0; run < FEWEST_RUNS || System.nanoTime() < end; run++) {
      for (int i = 0; i < sets.length; i++) {
        long start = System.nanoTime();
        KernelLookup.using(sets[i], () -> layer.call().op().forward(in, y, null));
        least[i] = Math.min(least[i], (System.nanoTime() - start) / 1e6);
      }
    }
    return least;
  }

  private double latency(Kernels kernels, int batch) {
    double[] medians = new double[1];
    KernelLookup.using(kernels, () -> medians[0] = Latency.medians(input, batch, model)[0]);
    return medians[0];
  }

  private static Tensor noise(Shape shape) {
    Tensor x = Tensor.zeros(DType.F32, shape);
    Random random = Random.of(0).stream("sparse");
    for (int i = 0; i < x.count(); i++) {
      x.set(i, random.normal(i));
    }
    return x;
  }
}
