package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.SparseMode;

/**
 * Weights of which most elements are zero, wherever they lie: our kernels that leave the zeros out
 * against our own dense ones, on the same weights.
 */
final class SparseGroup implements Group {
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final Shape ROW = Shape.of(1, 1, 4608);

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int batch : new int[] {1, 64}) {
      for (String name : new String[] {"resnet20", "vgg16"}) {
        contests.add(contest(name + " 95 % zeros batch " + batch, batch, IMAGE, 0.05, name));
      }
      for (int percent : new int[] {90, 95, 99}) {
        String name = "linear 512x4608 " + percent + " % zeros batch " + batch;
        contests.add(contest(name, batch, ROW, 1 - percent / 100.0, null));
      }
    }
    return contests;
  }

  private static Contest contest(
      String name, int batch, Shape sample, double density, String network) {
    long seed = System.nanoTime();
    return new Contest(
        "sparse",
        name,
        "dense",
        () -> {
          Module model = network == null ? linear(seed) : Nets.make(network, sample, 10, seed);
          prune(model, density, new Random(seed));
          float[] images = Nets.images(batch, sample, seed);
          return new Sides(
              side(model, images, batch, sample, SparseMode.AUTO),
              side(Snapshot.of(model, Map.of()).build(), images, batch, sample, SparseMode.NEVER));
        });
  }

  private static Module linear(long seed) {
    Sequential model =
        Sequential.builder().add("flatten", new Flatten()).add("fc", new Linear(4608, 512)).build();
    model.initialize(seed);
    return model;
  }

  private static void prune(Module model, double density, Random random) {
    for (Parameter parameter : model.parameters()) {
      if (parameter.shape().rank() > 1) {
        parameter.update(
            weight -> {
              for (int i = 0; i < weight.count(); i++) {
                if (random.nextDouble() >= density) {
                  weight.set(i, 0);
                }
              }
            });
      }
    }
  }

  private static Side side(Module model, float[] images, int batch, Shape sample, SparseMode mode) {
    Kernels kernels = KernelLookup.of(DType.F32).withSparse(mode);
    Side side = new Inference.Ours(model, images, batch, sample);
    return new Side() {
      @Override
      public void run() {
        KernelLookup.using(kernels, side::run);
      }

      @Override
      public List<float[]> outputs() {
        return side.outputs();
      }

      @Override
      public void close() {
        side.close();
      }
    };
  }
}
