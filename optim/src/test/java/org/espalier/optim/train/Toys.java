package org.espalier.optim.train;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Dropout;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Makes small models, small data and a store in memory. */
final class Toys {
  private Toys() {}

  /** Returns a conv net with batch norm and dropout for pictures {@code [n, 5, 5, 2]}. */
  static Module convNet() {
    return Sequential.builder()
        .add("conv", new Conv2d(2, 4, 3))
        .add("norm", new BatchNorm(4))
        .add("relu", Activation.relu())
        .add("drop", new Dropout(0.3))
        .add("pool", new GlobalAveragePool())
        .add("head", new Linear(4, 3))
        .build();
  }

  /** Returns a perceptron with a hidden layer. */
  static Module perceptron(int in, int hidden, int classes) {
    return Sequential.builder()
        .add("hidden", new Linear(in, hidden))
        .add("tanh", Activation.tanh())
        .add("head", new Linear(hidden, classes))
        .build();
  }

  /** Returns noise pictures of three classes; a class brightens its own channel mixture. */
  static Samples pictures(int count, int batchSize) {
    Random random = Random.of(7).stream("toys");
    float[][] x = new float[count][50];
    int[] y = new int[count];
    for (int i = 0; i < count; i++) {
      y[i] = i % 3;
      for (int j = 0; j < 50; j++) {
        x[i][j] = (float) (random.normal(50L * i + j) + (j % 2 == 0 ? y[i] : -y[i]));
      }
    }
    return new Samples(x, y, new int[] {5, 5, 2}, batchSize);
  }

  /** Returns two spirals of points in the plane, wound around each other. */
  static Samples spirals(int count, int batchSize) {
    float[][] x = new float[count][2];
    int[] y = new int[count];
    for (int i = 0; i < count; i++) {
      y[i] = i % 2;
      double turn = 0.25 + 2.5 * i / count;
      double angle = turn * Math.PI + y[i] * Math.PI;
      x[i] = new float[] {(float) (turn * Math.cos(angle)), (float) (turn * Math.sin(angle))};
    }
    return new Samples(x, y, new int[] {2}, batchSize);
  }

  /** Returns the four cases of exclusive or. */
  static Samples xor() {
    float[][] x = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    return new Samples(x, new int[] {0, 1, 1, 0}, new int[] {2}, 4);
  }

  /** Gives samples in an order drawn for each epoch. */
  record Samples(float[][] x, int[] y, int[] sampleSizes, int batchSize) implements Batches {
    @Override
    public int count() {
      return (y.length + batchSize - 1) / batchSize;
    }

    @Override
    public int samples() {
      return y.length;
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      int[] order = Random.of(3).stream("shuffle").at(epoch).permutation(y.length);
      IntFunction<Batch> batch =
          k ->
              batch(
                  Arrays.copyOfRange(
                      order, k * batchSize, Math.min(y.length, (k + 1) * batchSize)));
      return IntStream.range(firstStep, count()).mapToObj(batch).iterator();
    }

    private Batch batch(int[] members) {
      int[] sizes =
          IntStream.concat(IntStream.of(members.length), IntStream.of(sampleSizes)).toArray();
      Tensor batch = Tensor.zeros(sizes);
      int[] classes = new int[members.length];
      for (int i = 0; i < members.length; i++) {
        float[] sample = x[members[i]];
        System.arraycopy(sample, 0, batch.f32(), i * sample.length, sample.length);
        classes[i] = y[members[i]];
      }
      return new Batch(batch, Tensor.of(Shape.of(classes.length), classes));
    }
  }

  /** Keeps snapshots in memory. */
  static final class MemoryStore implements Snapshot.Store {
    private final Map<String, Snapshot> kept = new LinkedHashMap<>();
    private int saves;

    @Override
    public void save(String name, Snapshot snapshot) {
      kept.put(name, snapshot);
      saves++;
    }

    @Override
    public Snapshot load(String name) {
      return kept.get(name);
    }

    @Override
    public boolean has(String name) {
      return kept.containsKey(name);
    }

    int saves() {
      return saves;
    }
  }
}
