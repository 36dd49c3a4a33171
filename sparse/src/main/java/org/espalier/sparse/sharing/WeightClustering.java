package org.espalier.sparse.sharing;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Lets all weights of a parameter take one of k shared values, {@code w_i = c[code_i]}
 * (resource-efficiency survey, S5; Han et al. 2016). The codes are those of a {@link Codebook} of
 * the value that it is attached to, and then frozen; the centroids train: their gradient is the sum
 * of the gradients of their members.
 *
 * <p>The parameter's raw value becomes empty. Codes are kept and saved {@code ceil(log2 k)} bits
 * each, so a layer of n weights takes {@code n·ceil(log2 k) + 32·k} bits in a file. It is the first
 * of a parameter's parametrizations; masks and fake quantisation may be attached behind it.
 */
public final class WeightClustering implements Parametrization {
  /**
   * The name in specs and in the paths of saved tensors: {@code
   * fc.weight.weight_clustering.centroids}.
   */
  public static final String TYPE = "weight_clustering";

  /** The most steps of k-means where nothing else is said. */
  public static final int DEFAULT_ITERATIONS = 50;

  private static final String CENTROIDS = "centroids";
  private static final String CODES = "codes";
  private static final String SHAPE = "shape";
  private static final String ITERATIONS = "maxIterations";

  private final int maxIterations;
  private final Parameter centroids;
  private final Parameter packed;
  private Shape shape;
  private Unpacked unpacked;

  /** The codes as numbers, and the packed tensor that they were read from. */
  private record Unpacked(Tensor source, Tensor codes) {}

  private WeightClustering(Shape shape, int clusters, int maxIterations) {
    this.shape = shape;
    this.maxIterations = maxIterations;
    int bytes = PackedCodes.bytes(shape.count(), PackedCodes.bits(clusters));
    this.centroids = Parameter.trainable(CENTROIDS, Tensor.zeros(clusters));
    this.packed = Parameter.buffer(CODES, Tensor.of(Shape.of(bytes), new byte[bytes]));
  }

  /**
   * Shares the values of a parameter; its present value is clustered.
   *
   * @param weight modified
   * @param clusters k, from 1 to the number of weights
   * @return the parametrization, attached
   */
  public static WeightClustering attach(Parameter weight, int clusters) {
    return attach(weight, clusters, DEFAULT_ITERATIONS);
  }

  /**
   * Shares the values of a parameter; its present value is clustered.
   *
   * @param weight modified
   * @param clusters k, from 1 to the number of weights
   * @param maxIterations the most steps of k-means
   * @return the parametrization, attached
   * @throws StateException if the parameter has other parametrizations: {@link Parameter#fold} them
   *     first
   */
  public static WeightClustering attach(Parameter weight, int clusters, int maxIterations) {
    SharedValues.requirePlain(TYPE, weight);
    SharedValues.requireCount(TYPE, weight, clusters);
    WeightClustering clustering = new WeightClustering(weight.shape(), clusters, maxIterations);
    SharedValues.attach(weight, clustering);
    return clustering;
  }

  /** Says how specs become clusterings, and that they know their parameter's shape. */
  static ModuleTypes.ParametrizationFactory factory() {
    return new ModuleTypes.ParametrizationFactory() {
      @Override
      public Parametrization create(Spec spec, Function<String, Shape> shapes) {
        Shape centroids = shapes.apply(CENTROIDS);
        if (centroids == null || centroids.rank() != 1) {
          throw new FormatException(
              "model: a '%s' has no list of centroids, got %s".formatted(TYPE, centroids));
        }
        return new WeightClustering(
            declared(spec, shapes, null), centroids.count(), spec.integer(ITERATIONS));
      }

      @Override
      public Shape declared(Spec spec, Function<String, Shape> shapes, Shape raw) {
        return Shape.of(spec.integers(SHAPE));
      }
    };
  }

  /** Returns the clustering of a parameter, or null. */
  public static WeightClustering on(Parameter weight) {
    for (Parametrization parametrization : weight.parametrizations()) {
      if (parametrization instanceof WeightClustering clustering) {
        return clustering;
      }
    }
    return null;
  }

  /** Returns the shared values {@code [k]}. */
  public Parameter centroids() {
    return centroids;
  }

  /** Returns the number of the shared value of each weight, {@code [n]}, I32; not modified. */
  public Tensor codes() {
    Unpacked known = unpacked;
    if (known == null || known.source != packed.raw()) {
      int[] codes = PackedCodes.unpack(indexBits(), shape.count(), packed.raw().i8());
      known = new Unpacked(packed.raw(), Tensor.indices(codes));
      unpacked = known;
    }
    return known.codes;
  }

  /** Returns the bits of a code, {@code ceil(log2 k)}. */
  public int indexBits() {
    return PackedCodes.bits(centroids.shape().count());
  }

  /** Returns {@code n·ceil(log2 k) + 32·k}, what codes and values take. */
  public long sizeBits() {
    return (long) shape.count() * indexBits() + 32L * centroids.shape().count();
  }

  /** Returns how many times the bits of plain float32 weights are those of this form. */
  public double compressionRatio() {
    return 32.0 * shape.count() / sizeBits();
  }

  /** Returns the values by code; the raw value is empty and not looked at. */
  @Override
  public Var apply(Pass pass, Var raw) {
    return SharedValues.spread(pass, centroids, codes(), shape);
  }

  /** Clusters a value anew and returns an empty one. */
  @Override
  public Tensor assign(Tensor value) {
    Codebook book = Codebook.fit(value.toDoubles(), centroids.shape().count(), maxIterations);
    centroids.convert(value.dtype());
    centroids.set(Tensor.of(centroids.shape(), book.centroids()));
    setCodes(book.codes());
    return Tensor.zeros(value.dtype(), Shape.of(0));
  }

  private void setCodes(int... codes) {
    byte[] bytes = PackedCodes.pack(indexBits(), codes);
    packed.replace(Tensor.of(Shape.of(bytes.length), bytes));
  }

  @Override
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> own = new LinkedHashMap<>();
    own.put(CENTROIDS, centroids);
    own.put(CODES, packed);
    return own;
  }

  /** Drops the codes of weights that go; the values stay. */
  @Override
  public void cut(int axis, Indices keep) {
    int[] all = codes().i32();
    int inner = shape.count(axis + 1, shape.rank());
    int size = shape.size(axis);
    Shape smaller = shape.with(axis, keep.count());
    int[] kept = new int[smaller.count()];
    for (int at = 0; at < kept.length; at++) {
      int index = keep.get(at / inner % keep.count());
      kept[at] = all[(at / (inner * keep.count()) * size + index) * inner + at % inner];
    }
    shape = smaller;
    setCodes(kept);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with(SHAPE, SharedValues.sizes(shape)).with(ITERATIONS, maxIterations);
  }
}
