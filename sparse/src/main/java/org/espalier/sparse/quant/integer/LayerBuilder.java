package org.espalier.sparse.quant.integer;

import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.Elementwise;
import org.espalier.autograd.op.MaxPool;
import org.espalier.autograd.op.Pointwise;
import org.espalier.sparse.quant.FakeQuantize;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.RequantizationMode;

/** Turns the stages of a pass into the layers of an integer model, one after the other. */
final class LayerBuilder {
  /** What a value of the float pass is in the integer model: its number and its grid. */
  private record Coded(int number, Grid grid) {}

  private final RequantizationMode mode;
  private final Map<Stage, Grid> observed;
  private final Var output;
  private final Map<Var, Coded> coded = new IdentityHashMap<>();
  private final Map<String, IntegerLayer> layers = new LinkedHashMap<>();

  /**
   * Creates the builder.
   *
   * @param observed the grids of stages that {@link #needsGrid need} one
   * @param output the model's output
   */
  LayerBuilder(RequantizationMode mode, Map<Stage, Grid> observed, Var output) {
    this.mode = mode;
    this.observed = observed;
    this.output = output;
  }

  /** Tells whether nothing but looking at values says what a stage's codes mean. */
  static boolean needsGrid(Stage stage, Var output) {
    return stage.fixed() == null && !keepsGrid(stage) && !endsInFloat(stage, output);
  }

  /** Tells whether a stage's codes mean what those of its input mean. */
  private static boolean keepsGrid(Stage stage) {
    if (stage.head() == null) {
      return false;
    }
    Op op = stage.head().op();
    boolean clamps = TapeStages.clamp(op) != null && stage.tail().isEmpty();
    return op instanceof MaxPool
        || OpOptions.isMove(op)
        || clamps
        || selects(op)
        || FakeQuantize.quantizerOf(stage.head()).isPresent();
  }

  /** Tells whether an average is one over single numbers, which only leaves some out. */
  private static boolean selects(Op op) {
    return op instanceof AveragePool pool
        && pool.width().length() == 1
        && (pool.dimensions() == 1 || pool.height().length() == 1)
        && !pool.name().startsWith("adaptive");
  }

  /** Tells whether a stage's sums are the model's outputs. */
  private static boolean endsInFloat(Stage stage, Var output) {
    return stage.output() == output
        && stage.fixed() == null
        && stage.head() != null
        && TapeStages.isProduct(stage.head().op())
        && clampOf(stage) == null;
  }

  private static Clamp clampOf(Stage stage) {
    for (Call call : stage.tail()) {
      Clamp clamp = TapeStages.clamp(call.op());
      if (clamp != null) {
        return clamp;
      }
    }
    return null;
  }

  /** Builds the model. */
  IntegerModel build(List<Stage> stages) {
    for (Stage stage : stages) {
      coded.put(stage.output(), layer(stage));
    }
    Coded last = coded.get(output);
    if (last.grid != null) {
      add("output", Dequantize.TYPE, new Dequantize(last.grid), new int[] {last.number}, Map.of());
    }
    return new IntegerModel(layers);
  }

  private Coded layer(Stage stage) {
    Call head = stage.head();
    if (head == null) {
      Grid grid = grid(stage);
      return add("input", Quantize.TYPE, new Quantize(grid), new int[] {0}, Map.of());
    }
    Op op = head.op();
    if (TapeStages.isProduct(op)) {
      return product(stage);
    }
    if (TapeStages.isSum(op)) {
      return sum(stage);
    }
    if (TapeStages.isMean(op)) {
      return selects(op) && stage.tail().isEmpty() ? move(stage) : mean(stage);
    }
    if (op instanceof Concat) {
      return join(stage);
    }
    if (op instanceof MaxPool pool) {
      Coded x = coded.get(head.input(0));
      MaxCodes max = new MaxCodes(pool, x.grid);
      return add(head.scope(), MaxCodes.TYPE, max, new int[] {x.number}, Map.of());
    }
    return OpOptions.isMove(op) ? move(stage) : map(stage);
  }

  /** Returns what the codes of a stage mean, those that a clamp leaves. */
  private Grid grid(Stage stage) {
    Grid grid = stage.fixed() != null ? Grid.of(stage.name(), stage.fixed()) : observed.get(stage);
    Clamp clamp = clampOf(stage);
    return clamp == null ? grid : grid.clamped(clamp.low(), clamp.high());
  }

  private Coded product(Stage stage) {
    Call head = stage.head();
    Coded x = coded.get(head.input(0));
    QuantizedWeight weight = QuantizedWeight.of(stage, x.grid);
    Grid grid = endsInFloat(stage, output) ? null : grid(stage);
    Map<String, Tensor> constants = new LinkedHashMap<>();
    constants.put(IntegerProduct.WEIGHT, weight.codes());
    constants.put(IntegerProduct.BIAS, weight.bias());
    constants.put(IntegerProduct.SCALE, weight.scales());
    IntegerProduct product = new IntegerProduct(head.op(), x.grid, grid, mode);
    return add(head.scope(), IntegerProduct.TYPE, product, new int[] {x.number}, constants);
  }

  private Coded sum(Stage stage) {
    Call head = stage.head();
    Coded x = coded.get(head.input(0));
    Coded y = coded.get(head.input(1));
    boolean subtracts = ((Elementwise) head.op()).binary() == Binary.SUB;
    IntegerSum sum = new IntegerSum(x.grid, y.grid, subtracts, grid(stage));
    return add(head.scope(), IntegerSum.TYPE, sum, new int[] {x.number, y.number}, Map.of());
  }

  private Coded mean(Stage stage) {
    Call head = stage.head();
    Coded x = coded.get(head.input(0));
    boolean keeps = keepsGrid(stage) && stage.fixed() == null;
    Clamp clamp = clampOf(stage);
    Grid grid =
        !keeps ? grid(stage) : clamp == null ? x.grid : x.grid.clamped(clamp.low(), clamp.high());
    AverageCodes mean = new AverageCodes(head.op(), x.grid, grid, mode);
    return add(head.scope(), AverageCodes.TYPE, mean, new int[] {x.number}, Map.of());
  }

  private Coded join(Stage stage) {
    Call head = stage.head();
    Grid grid = grid(stage);
    int[] numbers = new int[head.inputCount()];
    for (int i = 0; i < numbers.length; i++) {
      Coded x = coded.get(head.input(i));
      numbers[i] = x.grid.means(grid) ? x.number : rescaled(head.scope(), x, grid).number;
    }
    return add(head.scope(), MoveCodes.TYPE, new MoveCodes(head.op(), grid), numbers, Map.of());
  }

  private Coded rescaled(String scope, Coded x, Grid grid) {
    Tensor table = MapCodes.table(x.grid, values -> values, grid);
    return table(scope, "rescale", x, grid, table);
  }

  private Coded table(String scope, String function, Coded x, Grid grid, Tensor table) {
    return add(
        scope,
        MapCodes.TYPE,
        new MapCodes(function, grid),
        new int[] {x.number},
        Map.of(MapCodes.TABLE, table));
  }

  private Coded move(Stage stage) {
    Call head = stage.head();
    Coded x = coded.get(head.input(0));
    Map<String, Tensor> constants = new LinkedHashMap<>();
    for (int i = 1; i < head.inputCount(); i++) {
      constants.put(MoveCodes.INDEX, head.in(i).copy());
    }
    MoveCodes move = new MoveCodes(head.op(), x.grid);
    return add(head.scope(), MoveCodes.TYPE, move, new int[] {x.number}, constants);
  }

  /** Builds a table of functions of one value, or of a change of grid. */
  private Coded map(Stage stage) {
    Call head = stage.head();
    Coded x = coded.get(head.input(0));
    var fixed = FakeQuantize.quantizerOf(head);
    if (fixed.isPresent()) {
      Grid grid = Grid.of(stage.name(), fixed.get());
      return x.grid.means(grid) && x.grid.range().equals(grid.range())
          ? x
          : rescaled(head.scope(), x, grid);
    }
    Clamp clamp = TapeStages.clamp(head.op());
    boolean keeps = keepsGrid(stage) && stage.fixed() == null;
    Grid grid = keeps ? x.grid.clamped(clamp.low(), clamp.high()) : gridOfMap(stage);
    Tensor table = MapCodes.table(x.grid, values -> applied(stage, values), grid);
    return table(head.scope(), head.op().name(), x, grid, table);
  }

  private Grid gridOfMap(Stage stage) {
    return stage.fixed() != null ? Grid.of(stage.name(), stage.fixed()) : observed.get(stage);
  }

  private static Tensor applied(Stage stage, Tensor values) {
    Var result = Tape.run(stage.head().op(), Var.constant(values));
    for (Call call : stage.tail()) {
      if (call.op() instanceof Pointwise next) {
        result = Tape.run(next, result);
      }
    }
    return result.value();
  }

  private Coded add(
      String scope, String type, IntegerOp op, int[] inputs, Map<String, Tensor> constants) {
    layers.put(unused(scope, type), new IntegerLayer(type, op, inputs, constants));
    return new Coded(layers.size(), op.grid());
  }

  /** Returns a name after the scope that no layer has yet; names of modules have no dots. */
  private String unused(String scope, String type) {
    String plain = scope.isEmpty() ? type : scope.replace('.', '/').replace('#', '@');
    if (!layers.containsKey(plain)) {
      return plain;
    }
    String typed = plain + "-" + type;
    int number = 2;
    String name = typed;
    while (layers.containsKey(name)) {
      name = typed + number++;
    }
    return name;
  }
}
