package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Op;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Asks the sixth property: an op's index ties are the truth. Cutting all indices that are tied
 * together from the inputs gives the output without its tied indices, or, where no index of the
 * output is among them, the output for inputs that are zero there.
 */
class OpTableCutTest {
  /** Index k of an axis of a call's tensor. */
  private record Node(int tensor, int axis, int k) {}

  static List<Row> rows() {
    return OpTable.rows();
  }

  private static Call call(Row row) {
    try (Tape tape = Tape.open(Mode.STUDY, Workspace.heap())) {
      Tensor[] inputs = row.sample(DType.F64);
      Var[] vars = new Var[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        vars[i] = inputs[i] == null ? null : tape.constant(inputs[i]);
      }
      return tape.apply(row.op, vars).call();
    }
  }

  /** Returns the sets of indices that are tied together, without those that hold a pinned one. */
  private static Collection<Set<Node>> components(Call call) {
    Map<Node, Set<Node>> component = new LinkedHashMap<>();
    List<Node> pinned = new ArrayList<>();
    call.op()
        .couple(
            call,
            new Coupling() {
              @Override
              public void tie(int tensor, int axis, int i, int other, int otherAxis, int j) {
                unite(component, new Node(tensor, axis, i), new Node(other, otherAxis, j));
              }

              @Override
              public void pin(int tensor, int axis, int i, String reason) {
                pinned.add(new Node(tensor, axis, i));
              }
            });
    Set<Set<Node>> distinct = new LinkedHashSet<>(component.values());
    distinct.removeIf(nodes -> pinned.stream().anyMatch(nodes::contains));
    return distinct;
  }

  private static void unite(Map<Node, Set<Node>> component, Node a, Node b) {
    Set<Node> both = component.computeIfAbsent(a, node -> newSet(node));
    Set<Node> others = component.computeIfAbsent(b, node -> newSet(node));
    if (both != others) {
      Set<Node> united = new LinkedHashSet<>(both);
      united.addAll(others);
      united.forEach(node -> component.put(node, united));
    }
  }

  private static Set<Node> newSet(Node node) {
    return new LinkedHashSet<>(Set.of(node));
  }

  private static Set<Integer> cutOf(Set<Node> nodes, int tensor, int axis) {
    Set<Integer> cut = new TreeSet<>();
    nodes.stream()
        .filter(node -> node.tensor() == tensor && node.axis() == axis)
        .forEach(node -> cut.add(node.k()));
    return cut;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void cuttingTiedIndicesOfTheInputsCutsTheOutput(Row row) {
    Call call = call(row);
    Tensor[] inputs = row.sample(DType.F64);
    Tensor y = Run.forward(row.op, inputs);
    int checked = 0;
    for (Set<Node> nodes : components(call)) {
      boolean mixed =
          nodes.stream().anyMatch(node -> node.tensor() == 0 && row.mixed.contains(node.axis()));
      if (mixed || emptiesAnAxis(nodes, inputs, y)) {
        continue;
      }
      boolean reachesOutput = nodes.stream().anyMatch(node -> node.tensor() == Coupling.OUTPUT);
      if (reachesOutput) {
        boolean channels = nodes.stream().anyMatch(node -> node.tensor() == 1);
        Op after = channels ? row.afterCut.apply(row.op) : row.op;
        equal(
            row,
            nodes,
            without(y, nodes, Coupling.OUTPUT),
            Run.forward(after, cut(row.op, nodes, inputs)));
      } else {
        Tensor silenced = Run.forward(row.op, silence(nodes, inputs));
        equal(row, nodes, silenced, Run.forward(row.op, cut(row.op, nodes, inputs)));
      }
      checked++;
    }
    boolean allMixed = row.mixed.size() == inputs[0].shape().rank();
    assertTrue(checked > 0 || allMixed || y.count() == 1, row + ": nothing was cut");
  }

  private static boolean emptiesAnAxis(Set<Node> nodes, Tensor[] inputs, Tensor y) {
    return nodes.stream()
        .anyMatch(
            node -> {
              Shape shape =
                  node.tensor() == Coupling.OUTPUT ? y.shape() : inputs[node.tensor()].shape();
              int count = cutOf(nodes, node.tensor(), node.axis()).size();
              return count == shape.size(node.axis());
            });
  }

  private static void equal(Row row, Set<Node> nodes, Tensor expected, Tensor actual) {
    String where = row + " cut at " + nodes;
    assertEquals(expected.shape(), actual.shape(), where);
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), 1e-12, where);
    }
  }

  /** Returns all inputs without the nodes; numbers that name channels are counted anew. */
  private static Tensor[] cut(Op op, Set<Node> nodes, Tensor[] inputs) {
    Tensor[] cut = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] != null) {
        cut[i] = without(inputs[i], nodes, i);
        if (i == 1 && cut[1] != inputs[1] && (op instanceof Gather || op instanceof Scatter)) {
          renumber(nodes, cut[1], op instanceof Gather ? 0 : Coupling.OUTPUT);
        }
      }
    }
    return cut;
  }

  /** Gather names channels of its input, scatter of its output; a cut shifts the ones behind. */
  private static void renumber(Set<Node> nodes, Tensor index, int wide) {
    for (int k = 0; k < index.count(); k++) {
      int value = index.i32()[k];
      long below = nodes.stream().filter(node -> node.tensor() == wide && node.k() < value).count();
      index.i32()[k] = value - (int) below;
    }
  }

  private static Tensor without(Tensor tensor, Set<Node> nodes, int number) {
    Tensor result = tensor;
    for (int axis = 0; axis < tensor.shape().rank(); axis++) {
      Set<Integer> cut = cutOf(nodes, number, axis);
      if (!cut.isEmpty()) {
        int[] kept =
            IntStream.range(0, result.shape().size(axis)).filter(k -> !cut.contains(k)).toArray();
        result = select(result, axis, kept);
      }
    }
    return result;
  }

  private static Tensor select(Tensor tensor, int axis, int[] order) {
    Tensor result = Tensor.zeros(tensor.dtype(), tensor.shape().with(axis, order.length));
    int inner = tensor.shape().count(axis + 1, tensor.shape().rank());
    for (int i = 0; i < result.count(); i++) {
      int k = i / inner % order.length;
      int outer = i / inner / order.length;
      result.set(i, tensor.get((outer * tensor.shape().size(axis) + order[k]) * inner + i % inner));
    }
    return result;
  }

  /** Returns the inputs with input 0 set to 0 at the nodes. */
  private static Tensor[] silence(Set<Node> nodes, Tensor[] inputs) {
    Tensor[] silenced = inputs.clone();
    silenced[0] = inputs[0].copy();
    Shape shape = inputs[0].shape();
    for (int i = 0; i < silenced[0].count(); i++) {
      if (touches(nodes, 0, shape, i)) {
        silenced[0].set(i, 0);
      }
    }
    return silenced;
  }

  private static boolean touches(Set<Node> nodes, int tensor, Shape shape, int element) {
    for (int axis = 0; axis < shape.rank(); axis++) {
      int k = element / shape.count(axis + 1, shape.rank()) % shape.size(axis);
      if (nodes.contains(new Node(tensor, axis, k))) {
        return true;
      }
    }
    return false;
  }

  static Stream<Row> permutableRows() {
    return OpTable.rows().stream().filter(row -> !row.positional && !carried(row).isEmpty());
  }

  /** Returns the letters that stand alone wherever they stand, in an input and in the output. */
  private static Set<String> carried(Row row) {
    AxisSpec spec = row.op.axes(shapes(row.sample(DType.F64))).spec();
    Set<String> letters = new TreeSet<>();
    if (spec != null) {
      spec.output().forEach(term -> letters.add(term instanceof Letter l ? l.name() : ""));
      Set<String> inputs = new TreeSet<>();
      for (AxisSpec.Input input : spec.inputs()) {
        for (Term term : input.terms()) {
          if (term instanceof Letter letter) {
            inputs.add(letter.name());
          } else {
            letters.removeIf(letter -> term.toString().matches(".*\\b" + letter + "\\b.*"));
          }
        }
      }
      letters.retainAll(inputs);
    }
    return letters;
  }

  private static Shape[] shapes(Tensor... inputs) {
    return Stream.of(inputs).map(x -> x == null ? null : x.shape()).toArray(Shape[]::new);
  }

  @ParameterizedTest
  @MethodSource("permutableRows")
  void permutingACarriedLetterPermutesTheOutput(Row row) {
    Tensor[] inputs = row.sample(DType.F64);
    AxisSpec spec = row.op.axes(shapes(inputs)).spec();
    Tensor y = Run.forward(row.op, inputs);
    for (String letter : carried(row)) {
      int axis = axisOf(letter, spec.output(), y.shape());
      int[] order = Random.of(3).stream(letter).permutation(y.shape().size(axis));
      Tensor[] permuted = inputs.clone();
      for (int i = 0; i < inputs.length; i++) {
        int at =
            inputs[i] == null
                ? -1
                : axisOf(letter, spec.inputs().get(i).terms(), inputs[i].shape());
        permuted[i] = at < 0 ? inputs[i] : select(inputs[i], at, order);
      }
      equal(row, Set.of(), select(y, axis, order), Run.forward(row.op, permuted));
    }
  }

  private static int axisOf(String letter, List<Term> terms, Shape shape) {
    int at = terms.indexOf(new Letter(letter));
    boolean behindRest = at >= 0 && terms.subList(0, at).contains(new Rest());
    return behindRest ? shape.rank() - terms.size() + at : at;
  }
}
