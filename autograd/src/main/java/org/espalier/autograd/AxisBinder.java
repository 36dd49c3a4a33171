package org.espalier.autograd;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec.Index;
import org.espalier.autograd.AxisSpec.Input;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Merged;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.AxisSpec.Window;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/**
 * Solves an axis signature for the letters' sizes, given input shapes; complains with op, input,
 * got and expected.
 */
final class AxisBinder {
  private record Source(String input, Shape shape) {}

  private record Axis(Input input, Shape shape, int number, Term term) {
    int size() {
      return shape.size(number);
    }
  }

  private final Op op;
  private final AxisSpec spec;
  private final Shape[] shapes;
  private final Map<String, Integer> sizes = new LinkedHashMap<>();
  private final Map<String, Source> sources = new LinkedHashMap<>();
  private int[] rest;
  private Source restSource;

  AxisBinder(Op op, AxisSpec spec, Shape[] shapes) {
    this.op = op;
    this.spec = spec;
    this.shapes = shapes;
  }

  Axes bind() {
    if (shapes.length != spec.inputs().size()) {
      throw new ShapeException(
          op.name()
              + ": got "
              + shapes.length
              + " inputs, expected "
              + spec.inputs().size()
              + " ("
              + spec
              + ")");
    }
    List<Axis> open = new ArrayList<>();
    for (int i = 0; i < shapes.length; i++) {
      collect(spec.inputs().get(i), shapes[i], open);
    }
    solve(open);
    return new Axes(op, spec, shapes, sizes, rest == null ? new int[0] : rest, output());
  }

  private void collect(Input input, Shape shape, List<Axis> open) {
    if (shape == null) {
      if (!input.optional()) {
        throw new ShapeException(op.name() + ": input '" + input.name() + "' is missing");
      }
      return;
    }
    List<Term> terms = input.terms();
    boolean hasRest = terms.stream().anyMatch(Rest.class::isInstance);
    int named = terms.size() - (hasRest ? 1 : 0);
    if (hasRest ? shape.rank() < named : shape.rank() != named) {
      throw new ShapeException(
          "%s: '%s' must have %s%d axes (%s), got %s"
              .formatted(
                  op.name(), input.name(), hasRest ? "at least " : "", named, print(terms), shape));
    }
    int axis = 0;
    for (Term term : terms) {
      if (term instanceof Rest) {
        int leading = shape.rank() - named;
        bindRest(input, shape, axis, leading);
        axis += leading;
      } else {
        open.add(new Axis(input, shape, axis++, term));
      }
    }
  }

  private void bindRest(Input input, Shape shape, int from, int count) {
    int[] found = new int[count];
    for (int i = 0; i < count; i++) {
      found[i] = shape.size(from + i);
    }
    if (rest == null) {
      rest = found;
      restSource = new Source(input.name(), shape);
    } else if (!Shape.of(rest).equals(Shape.of(found))) {
      throw new ShapeException(
          "%s: leading axes of '%s' %s must be %s, those of '%s' %s"
              .formatted(
                  op.name(),
                  input.name(),
                  shape,
                  Shape.of(rest),
                  restSource.input,
                  restSource.shape));
    }
  }

  /**
   * Plain axes first, then merged and window axes as soon as all but one of their letters are
   * known.
   */
  private void solve(List<Axis> open) {
    List<Axis> waiting = new ArrayList<>();
    for (Axis axis : open) {
      if (axis.term instanceof Letter letter) {
        assign(letter.name(), axis.size(), axis);
      } else if (axis.term instanceof Index index) {
        assign(index.name(), axis.size(), axis);
      } else {
        waiting.add(axis);
      }
    }
    while (!waiting.isEmpty()) {
      if (!waiting.removeIf(this::solve)) {
        throw new ShapeException(
            op.name()
                + ": the sizes of "
                + waiting.get(0).term
                + " do not follow from the inputs ("
                + spec
                + ")");
      }
    }
  }

  private boolean solve(Axis axis) {
    return axis.term instanceof Window window
        ? solveWindow(axis, window)
        : solveMerged(axis, (Merged) axis.term);
  }

  private boolean solveWindow(Axis axis, Window window) {
    Integer kernel = known(window.kernel());
    if (kernel == null) {
      return false;
    }
    assign(window.position(), op.window(window.position(), axis.size(), kernel), axis);
    return true;
  }

  private boolean solveMerged(Axis axis, Merged merged) {
    String unknown = null;
    int product = 1;
    for (String name : merged.names()) {
      Integer size = known(name);
      if (size == null) {
        if (unknown != null) {
          return false;
        }
        unknown = name;
      } else {
        product *= size;
      }
    }
    if (unknown == null ? product != axis.size() : product == 0 || axis.size() % product != 0) {
      throw new ShapeException(
          "%s: axis %d of '%s' %s must be %s%d, the product of %s"
              .formatted(
                  op.name(),
                  axis.number,
                  axis.input.name(),
                  axis.shape,
                  unknown == null ? "" : "a multiple of ",
                  product,
                  merged));
    }
    if (unknown != null) {
      assign(unknown, axis.size() / product, axis);
    }
    return true;
  }

  private Integer known(String letter) {
    Integer size = sizes.get(letter);
    if (size == null && op.size(letter) >= 0) {
      size = op.size(letter);
      sizes.put(letter, size);
      sources.put(letter, new Source("the op's own options", Shape.of(size)));
    }
    return size;
  }

  private void assign(String letter, int size, Axis axis) {
    Integer before = known(letter);
    if (before == null) {
      sizes.put(letter, size);
      sources.put(letter, new Source(axis.input.name(), axis.shape));
    } else if (before != size) {
      Source source = sources.get(letter);
      throw new ShapeException(
          "%s: axis %d of '%s' %s must be %d, the '%s' of '%s' %s"
              .formatted(
                  op.name(),
                  axis.number,
                  axis.input.name(),
                  axis.shape,
                  before,
                  letter,
                  source.input,
                  source.shape));
    }
  }

  private Shape output() {
    List<Integer> result = new ArrayList<>();
    for (Term term : spec.output()) {
      if (term instanceof Rest) {
        for (int size : rest) {
          result.add(size);
        }
      } else if (term instanceof Letter letter) {
        result.add(sized(letter.name()));
      } else if (term instanceof Merged merged) {
        result.add(merged.names().stream().mapToInt(this::sized).reduce(1, Math::multiplyExact));
      } else {
        throw new IllegalStateException(
            op.name() + ": '" + term + "' cannot stand in an output (" + spec + ")");
      }
    }
    return Shape.of(result.stream().mapToInt(Integer::intValue).toArray());
  }

  private int sized(String letter) {
    Integer size = known(letter);
    if (size == null) {
      throw new ShapeException(
          op.name()
              + ": the size of '"
              + letter
              + "' does not follow from the inputs ("
              + spec
              + ")");
    }
    return size;
  }

  private static String print(List<Term> terms) {
    return String.join(" ", terms.stream().map(Term::toString).toList());
  }
}
