package org.espalier.sparse.lowrank;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Indices;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight of two trained factors, {@code W = expand·reduce}, so that it has low rank by
 * construction (architecture, section 7; the factors are those of sheet 09, 2.7).
 *
 * <p>The raw value is empty: only the factors are trained, saved and cut. {@code reduce} has the
 * shape of the first of the two layers that {@link Decomposition} makes, {@code [groups·r, kh, kw,
 * in/groups]}, {@code expand} is {@code [out, r]}. Setting or attaching factors a value by its
 * singular value decomposition and keeps r terms; {@link Parameter#fold} bakes the full matrix in.
 *
 * <p>Attach it before any other parametrization, by {@link #attach}: what comes behind sees the
 * product.
 */
public final class LowRank implements Parametrization {
  /** The name in specs and in the paths of saved tensors: {@code conv1.weight.low_rank.expand}. */
  public static final String TYPE = "low_rank";

  private static final String EXPAND = "expand";
  private static final String REDUCE = "reduce";
  private static final String GROUPS = "groups";
  private static final Shape EMPTY = Shape.of(0);

  private final int groups;
  private final Parameter expand;
  private final Parameter reduce;

  private LowRank(int groups, Shape expand, Shape reduce) {
    this.groups = groups;
    this.expand = Parameter.trainable(EXPAND, Tensor.zeros(DType.F32, expand));
    this.reduce = Parameter.trainable(REDUCE, Tensor.zeros(DType.F32, reduce));
  }

  /** Attaches factors of a rank to the weight of a layer without groups. */
  public static LowRank attach(Parameter weight, int rank) {
    return attach(weight, rank, 1);
  }

  /**
   * Attaches factors of a rank to a weight {@code [out, ...]}, one pair a group; its slots go. They
   * learn if the weight did.
   *
   * @param weight modified; has a value and no parametrization yet
   * @param rank from 1 to the smaller side of one group's matrix
   * @param groups how many groups the convolution has
   */
  public static LowRank attach(Parameter weight, int rank, int groups) {
    if (!weight.parametrizations().isEmpty()) {
      throw new StateException(
          "low rank: %s carries parametrizations already; factors must come first"
              .formatted(weight.name()));
    }
    weight.raw();
    WeightMatrix matrix = WeightMatrix.of(weight.shape(), groups);
    EnergyTransfer.requireRank(weight.name(), rank, matrix.fullRank());
    Shape shape = weight.shape();
    LowRank factored =
        new LowRank(groups, Shape.of(shape.size(0), rank), shape.with(0, groups * rank));
    for (Parameter factor : factored.parameters().values()) {
      factor.convert(weight.dtype());
      factor.setTrainable(weight.isTrainable());
    }
    weight.attach(factored);
    weight.slots().clear();
    return factored;
  }

  /** Returns the factors that a weight is made of, or null. */
  public static LowRank on(Parameter weight) {
    for (Parametrization parametrization : weight.parametrizations()) {
      if (parametrization instanceof LowRank factored) {
        return factored;
      }
    }
    return null;
  }

  /** Says how specs become factors, and that a weight's shape is read off them. */
  public static ModuleTypes.ParametrizationFactory factory() {
    return new ModuleTypes.ParametrizationFactory() {
      @Override
      public Parametrization create(Spec spec, Function<String, Shape> shapes) {
        return new LowRank(spec.integer(GROUPS), shapes.apply(EXPAND), shapes.apply(REDUCE));
      }

      @Override
      public Shape declared(Spec spec, Function<String, Shape> shapes, Shape raw) {
        return shapes.apply(REDUCE).with(0, shapes.apply(EXPAND).size(0));
      }
    };
  }

  /** Returns r. */
  public int rank() {
    return expand.shape().size(1);
  }

  /** Returns the factor {@code [out, r]}. */
  public Parameter expand() {
    return expand;
  }

  /** Returns the factor {@code [groups·r, ...]}. */
  public Parameter reduce() {
    return reduce;
  }

  /** Returns the present factors as those of the two layers; nothing is decomposed. */
  Factors factors() {
    Tensor rows = reduce.value();
    return new Factors(
        expand.value(),
        rows.reshape(rows.shape().size(0), rows.shape().count(1, rows.shape().rank())),
        0,
        0);
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    Var left = pass.value(expand);
    Var right = pass.value(reduce);
    int rank = right.shape().rank();
    String run = rank == 2 ? "i" : rank == 3 ? "j i" : "k j i";
    Map<String, Integer> grouped = Map.of("g", groups);
    Var product =
        Ops.matmul(
            Ops.rearrange(left, "(g o) r -> g o r", grouped),
            Ops.rearrange(right, "(g r) " + run + " -> g r (" + run + ")", grouped));
    Map<String, Integer> sizes = new LinkedHashMap<>(grouped);
    String[] letters = run.split(" ");
    for (int i = 0; i < letters.length; i++) {
      sizes.put(letters[i], right.shape().size(i + 1));
    }
    return Ops.rearrange(product, "g o (" + run + ") -> (g o) " + run, sizes);
  }

  /** Factors a value into both factors and returns the empty raw value. */
  @Override
  public Tensor assign(Tensor value) {
    Factors factors =
        Factors.of(
            "a weight " + value.shape(), value, WeightMatrix.of(value.shape(), groups), rank());
    expand.set(factors.expand());
    reduce.set(factors.reduce().reshape(reduce.shape()));
    return Tensor.zeros(value.dtype(), EMPTY);
  }

  @Override
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> factors = new LinkedHashMap<>();
    factors.put(EXPAND, expand);
    factors.put(REDUCE, reduce);
    return factors;
  }

  /** Cuts output channels off {@code expand}, and all else off {@code reduce}. */
  @Override
  public void cut(int axis, Indices keep) {
    if (axis != 0) {
      reduce.cut(axis, keep);
      return;
    }
    requireEvenGroups(keep);
    expand.cut(0, keep);
  }

  private void requireEvenGroups(Indices keep) {
    int[] kept = new int[groups];
    int rows = expand.shape().size(0) / groups;
    for (int i = 0; i < keep.count(); i++) {
      kept[keep.get(i) / rows]++;
    }
    for (int count : kept) {
      if (count != kept[0]) {
        throw new IllegalArgumentException(
            "low rank: the %d groups must keep as many of their rows each; fold the factors before cutting whole groups"
                .formatted(groups));
      }
    }
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with(GROUPS, groups);
  }
}
