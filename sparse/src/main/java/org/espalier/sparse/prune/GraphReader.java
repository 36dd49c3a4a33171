package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.AxisSpec.Index;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Role;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;

/** Reads the ties of a recorded pass: who makes, reads and rides along with each channel. */
final class GraphReader {
  /** The reason of channels that the model returns. */
  static final String OUTPUT_REACHED = "reaches the model's output";

  /** A parameter and the variable that held its effective value. */
  private record Held(Parameter parameter, String path) {}

  private record Place(Var var, int axis) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Place place && place.var == var && place.axis == axis;
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(var) + axis;
    }
  }

  private record Pin(int node, String reason) {}

  /** What the calls say about one axis of one parameter. */
  private static final class Use {
    private final String op;
    private boolean makes;
    private boolean reads;
    private boolean shifts;
    private boolean numbers;
    private boolean bends;

    Use(String op) {
      this.op = op;
    }

    Side side() {
      if (numbers) {
        return Side.INDEX;
      }
      if (makes && reads) {
        return Side.BOTH;
      }
      return makes || shifts ? Side.OUT : reads ? Side.IN : Side.BOTH;
    }

    String why() {
      return switch (side()) {
        case OUT -> (makes ? "made by " : "shifted by ") + op;
        case IN -> "read by " + op;
        case BOTH -> "channel by channel in " + op;
        case INDEX -> "numbered by " + op;
      };
    }
  }

  private final IndexSets sets = new IndexSets();
  private final Map<Var, Held> held = new IdentityHashMap<>();
  private final Map<Place, Use> uses = new LinkedHashMap<>();
  private final List<Pin> pins = new ArrayList<>();
  private final List<IndexList> lists = new ArrayList<>();
  private final List<Call> calls;

  /**
   * Reads a pass.
   *
   * @param model the model that ran
   * @param tape the tape of the pass
   * @param input what the model was given
   * @param output what it returned; null if its channels may be cut too
   */
  GraphReader(Module model, Tape tape, Var input, Var output) {
    calls = List.copyOf(tape.calls());
    hold(model, tape);
    calls.forEach(this::read);
    pin(input, "reaches the model's input");
    if (output != null) {
      pin(output, OUTPUT_REACHED);
    }
  }

  private void hold(Module model, Tape tape) {
    // Parameters of parametrizations are on the tape only where values, not weights, are
    // transformed.
    model
        .state()
        .forEach(
            (path, parameter) -> {
              Var var = tape.watchedVar(new Pass.EffectiveValue(parameter));
              if (var != null) {
                held.put(var, new Held(parameter, path));
              }
            });
  }

  private void pin(Var var, String reason) {
    Shape shape = var.shape();
    for (int axis = 0; axis < shape.rank(); axis++) {
      for (int k = 0; k < shape.size(axis); k++) {
        pins.add(new Pin(sets.node(var, axis, k), reason));
      }
    }
  }

  private void read(Call call) {
    boolean sums = call.op().cost(call.axes()).macs() > 0;
    call.op().couple(call, new Ties(call, sums));
    for (int input = 0; input < call.inputCount(); input++) {
      if (isIndex(call, input)) {
        readIndex(call, input);
      }
    }
  }

  /** Takes the ties of one call. */
  private final class Ties implements Coupling {
    private final Call call;
    private final boolean sums;
    private final Set<Long> noted = new HashSet<>();

    Ties(Call call, boolean sums) {
      this.call = call;
      this.sums = sums;
    }

    @Override
    public void tie(int tensor, int axis, int i, int other, int otherAxis, int j) {
      sets.join(node(tensor, axis, i), node(other, otherAxis, j));
      noteBoth(tensor, axis, other, otherAxis);
    }

    @Override
    public void tieAll(int tensor, int axis, int other, int otherAxis, int count) {
      int from = node(tensor, axis, 0);
      int to = node(other, otherAxis, 0);
      for (int i = 0; i < count; i++) {
        sets.join(from + i, to + i);
      }
      noteBoth(tensor, axis, other, otherAxis);
    }

    @Override
    public void pin(int tensor, int axis, int i, String reason) {
      pins.add(new Pin(node(tensor, axis, i), reason + " (" + place(call) + ")"));
    }

    private int node(int tensor, int axis, int i) {
      return sets.node(var(call, tensor), axis, i);
    }

    /** Notes who meets whom; once a call is enough. */
    private void noteBoth(int tensor, int axis, int other, int otherAxis) {
      long key = (tensor + 1L) << 48 | (other + 1L) << 32 | (long) axis << 16 | otherAxis;
      if (noted.add(key)) {
        note(call, sums, tensor, axis, other);
        note(call, sums, other, otherAxis, tensor);
      }
    }
  }

  private static Var var(Call call, int tensor) {
    return tensor == Coupling.OUTPUT ? call.output() : call.input(tensor);
  }

  private static boolean isIndex(Call call, int input) {
    return call.input(input) != null && call.axes().isIndex(input);
  }

  private static String place(Call call) {
    return call.op().name() + (call.scope().isEmpty() ? "" : " at " + call.scope());
  }

  private void note(Call call, boolean sums, int tensor, int axis, int other) {
    Var var = var(call, tensor);
    if (!held.containsKey(var)) {
      return;
    }
    Use use = uses.computeIfAbsent(new Place(var, axis), key -> new Use(place(call)));
    use.bends |= call.op().role() == Role.PASS;
    use.numbers |= tensor >= 0 && isIndex(call, tensor);
    use.makes |= sums && tensor == 1 && other == Coupling.OUTPUT;
    use.reads |= sums && tensor == 1 && other == 0;
    use.shifts |= sums && tensor == 2;
  }

  /** Remembers whose channels the numbers of an index input speak of. */
  private void readIndex(Call call, int input) {
    Held buffer = held.get(call.input(input));
    Index index =
        call.axes().terms(input).stream()
            .filter(Index.class::isInstance)
            .map(Index.class::cast)
            .findFirst()
            .orElseThrow();
    if (buffer != null) {
      lists.add(new IndexList(buffer.parameter, named(call, index.of())));
    }
  }

  private int[] named(Call call, String letter) {
    for (int input = 0; input < call.inputCount(); input++) {
      int axis = axisOf(letter, call.axes().terms(input), call.input(input).shape());
      if (axis >= 0) {
        return nodes(call.input(input), axis);
      }
    }
    int axis = axisOf(letter, call.axes().spec().output(), call.output().shape());
    return nodes(call.output(), axis);
  }

  private static int axisOf(String letter, List<Term> terms, Shape shape) {
    int from = terms.stream().anyMatch(Rest.class::isInstance) ? shape.rank() - terms.size() : 0;
    boolean behindRest = false;
    for (int i = 0; i < terms.size(); i++) {
      behindRest |= terms.get(i) instanceof Rest;
      if (terms.get(i) instanceof Letter found && found.name().equals(letter)) {
        return behindRest ? from + i : i;
      }
    }
    return -1;
  }

  private int[] nodes(Var var, int axis) {
    int[] nodes = new int[var.shape().size(axis)];
    for (int k = 0; k < nodes.length; k++) {
      nodes[k] = sets.node(var, axis, k);
    }
    return nodes;
  }

  /** Returns the parameter whose effective value a variable held, or null. */
  Parameter parameterOf(Var var) {
    Held found = var == null ? null : held.get(var);
    return found == null ? null : found.parameter;
  }

  IndexSets sets() {
    return sets;
  }

  /** Returns the sets that are added to others element by element: residual streams. */
  Set<Integer> summed() {
    Set<Integer> summed = new HashSet<>();
    for (Call call : calls) {
      Var y = call.output();
      boolean ofMaps = call.op().name().equals("add") && y.shape().rank() > 1;
      if (ofMaps && call.input(0).shape().equals(call.input(1).shape())) {
        for (int node : nodes(y, y.shape().rank() - 1)) {
          summed.add(sets.find(node));
        }
      }
    }
    return summed;
  }

  List<Call> calls() {
    return calls;
  }

  List<IndexList> lists() {
    return lists;
  }

  /** Returns all coupled axes of parameters, producers first, else in the order of the pass. */
  List<CutAxis> axes() {
    List<CutAxis> axes = new ArrayList<>();
    for (boolean producers : new boolean[] {true, false}) {
      uses.forEach(
          (place, use) -> {
            if (use.makes == producers) {
              axes.add(axis(place, use));
            }
          });
    }
    return axes;
  }

  private CutAxis axis(Place place, Use use) {
    Held owner = held.get(place.var);
    int[] nodes = nodes(place.var, place.axis);
    boolean named = owner.path.equals("weight") || owner.path.endsWith(".weight");
    boolean weight = use.makes || use.reads || (named && !use.bends);
    return new CutAxis(
        owner.parameter, owner.path, place.axis, use.side(), use.makes, weight, use.why(), nodes);
  }

  /**
   * Returns the channels: the sets that hold a row of a producer.
   *
   * @param axes the coupled axes
   * @param ignored paths of layers whose channels are not cut
   */
  List<Unit> units(List<CutAxis> axes, List<String> ignored) {
    Map<Integer, Set<String>> reasons = reasons(axes, ignored);
    Map<Integer, Unit> units = new LinkedHashMap<>();
    for (CutAxis axis : axes) {
      if (axis.isProducer()) {
        for (int node : axis.nodes()) {
          int set = sets.find(node);
          units.computeIfAbsent(
              set, key -> new Unit(set, List.copyOf(reasons.getOrDefault(set, Set.of()))));
        }
      }
    }
    axes.forEach(axis -> spread(axis, units));
    return List.copyOf(units.values());
  }

  private Map<Integer, Set<String>> reasons(List<CutAxis> axes, List<String> ignored) {
    Map<Integer, Set<String>> reasons = new LinkedHashMap<>();
    for (Pin pin : pins) {
      reasons.computeIfAbsent(sets.find(pin.node), set -> new LinkedHashSet<>()).add(pin.reason);
    }
    for (CutAxis axis : axes) {
      for (String layer : ignored) {
        boolean makes = axis.side() == Side.OUT || axis.side() == Side.BOTH;
        if (makes && (axis.path().equals(layer) || axis.path().startsWith(layer + "."))) {
          for (int node : axis.nodes()) {
            reasons
                .computeIfAbsent(sets.find(node), set -> new LinkedHashSet<>())
                .add("layer '" + layer + "' is ignored");
          }
        }
      }
    }
    return reasons;
  }

  private void spread(CutAxis axis, Map<Integer, Unit> units) {
    Map<Unit, List<Integer>> indices = new LinkedHashMap<>();
    for (int k = 0; k < axis.nodes().length; k++) {
      Unit unit = units.get(sets.find(axis.nodes()[k]));
      if (unit != null) {
        indices.computeIfAbsent(unit, key -> new ArrayList<>()).add(k);
      }
    }
    indices.forEach(
        (unit, list) -> unit.add(axis, list.stream().mapToInt(Integer::intValue).toArray()));
  }

  @Override
  public String toString() {
    return uses.size() + " coupled axes of " + held.size() + " parameters " + Arrays.asList(pins);
  }
}
