package org.espalier.sparse.sharing;

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
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Lets the weights of a parameter share k values by a hash of their place, {@code w_i = v[h(i)]}
 * with {@code h(i) = bits_i mod k}, the bits drawn from a seed (resource-efficiency survey, S5;
 * Chen et al. 2015): nothing but the values and the seed is stored.
 *
 * <p>Attached, each value starts as the mean of its members, which of all values is nearest to
 * them; the values train, and get the sum of their members' gradients. Which weights share is
 * chance, so a trained layer loses much: it is meant to be attached before training. The
 * parameter's raw value becomes empty.
 */
public final class HashedWeights implements Parametrization {
  /** The name in specs and in the paths of saved tensors: {@code fc.weight.hashed.values}. */
  public static final String TYPE = "hashed";

  private static final String VALUES = "values";
  private static final String SHAPE = "shape";
  private static final String SEED = "seed";

  private final Shape shape;
  private final long seed;
  private final Parameter values;
  private final Tensor places;

  private HashedWeights(Shape shape, int count, long seed) {
    this.shape = shape;
    this.seed = seed;
    this.values = Parameter.trainable(VALUES, Tensor.zeros(count));
    Random random = Random.of(seed).stream(TYPE);
    int[] hashes = new int[shape.count()];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = random.integer(i, count);
    }
    this.places = Tensor.indices(hashes);
  }

  /**
   * Shares the values of a parameter, which takes the nearest value it can.
   *
   * @param weight modified
   * @param count k, from 1 to the number of weights
   * @param seed chooses which weights share
   * @return the parametrization, attached
   * @throws StateException if the parameter has other parametrizations: {@link Parameter#fold} them
   *     first
   */
  public static HashedWeights attach(Parameter weight, int count, long seed) {
    SharedValues.requirePlain(TYPE, weight);
    SharedValues.requireCount(TYPE, weight, count);
    HashedWeights hashed = new HashedWeights(weight.shape(), count, seed);
    SharedValues.attach(weight, hashed);
    return hashed;
  }

  /** Says how specs become hashed weights, and that they know their parameter's shape. */
  static ModuleTypes.ParametrizationFactory factory() {
    return new ModuleTypes.ParametrizationFactory() {
      @Override
      public Parametrization create(Spec spec, Function<String, Shape> shapes) {
        Shape values = shapes.apply(VALUES);
        if (values == null || values.rank() != 1) {
          throw new FormatException(
              "model: a '%s' has no list of values, got %s".formatted(TYPE, values));
        }
        return new HashedWeights(
            declared(spec, shapes, null), values.count(), Long.parseLong(spec.text(SEED)));
      }

      @Override
      public Shape declared(Spec spec, Function<String, Shape> shapes, Shape raw) {
        return Shape.of(spec.integers(SHAPE));
      }
    };
  }

  /** Returns the shared values {@code [k]}. */
  public Parameter values() {
    return values;
  }

  /** Returns the number of the value of each weight, {@code [n]}, I32; not modified. */
  public Tensor places() {
    return places;
  }

  /** Returns the values by place; the raw value is empty and not looked at. */
  @Override
  public Var apply(Pass pass, Var raw) {
    return SharedValues.spread(pass, values, places, shape);
  }

  /** Takes the means of members and returns an empty value. */
  @Override
  public Tensor assign(Tensor value) {
    double[] sums = new double[values.shape().count()];
    int[] members = new int[sums.length];
    for (int i = 0; i < value.count(); i++) {
      int place = (int) places.get(i);
      sums[place] += value.get(i);
      members[place]++;
    }
    for (int k = 0; k < sums.length; k++) {
      sums[k] = members[k] == 0 ? 0 : sums[k] / members[k];
    }
    values.convert(value.dtype());
    values.set(Tensor.of(values.shape(), sums));
    return Tensor.zeros(value.dtype(), Shape.of(0));
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(VALUES, values);
  }

  /** Refuses: places follow from where a weight stands, and a cut would move all behind it. */
  @Override
  public void cut(int axis, Indices keep) {
    throw new StateException(
        "hashed weights: a cut would give every weight another value; fold them first");
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with(SHAPE, SharedValues.sizes(shape)).with(SEED, String.valueOf(seed));
  }
}
