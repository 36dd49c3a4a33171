package org.espalier.autograd.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Merged;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Reshapes, permutes, flattens and shuffles: {@code x: n h w (g c) -> n h w (c g)}. Where only
 * sizes change, the result shares the buffer of x. A letter on one side only must have size 1.
 *
 * @param spec the signature, of one input
 * @param sizes sizes of letters that do not follow from x
 */
public record Rearrange(AxisSpec spec, Map<String, Integer> sizes) implements Move {
  private static final String REST = "...";

  /** Creates the op. */
  public Rearrange {
    sizes = Map.copyOf(sizes);
  }

  @Override
  public String name() {
    return "rearrange";
  }

  @Override
  public int size(String letter) {
    return sizes.getOrDefault(letter, -1);
  }

  @Override
  public Axes axes(Shape... inputs) {
    Axes axes = spec.bind(this, inputs);
    List<String> from = letters(spec.inputs().get(0).terms());
    List<String> to = letters(spec.output());
    axes.sizes()
        .forEach(
            (letter, size) -> {
              if (size != 1 && from.contains(letter) != to.contains(letter)) {
                throw new ShapeException(
                    "rearrange: '%s' of size %d stands on one side only (%s); use reduce or repeat"
                        .formatted(letter, size, spec));
              }
            });
    return axes;
  }

  private static List<String> letters(List<Term> terms) {
    List<String> letters = new ArrayList<>();
    for (Term term : terms) {
      if (term instanceof Letter letter) {
        letters.add(letter.name());
      } else if (term instanceof Merged merged) {
        letters.addAll(merged.names());
      } else {
        letters.add(REST);
      }
    }
    return letters;
  }

  /** Returns the letters of one side that stand on the other side too. */
  private List<String> common(boolean input) {
    List<String> from = letters(spec.inputs().get(0).terms());
    List<String> to = letters(spec.output());
    List<String> side = new ArrayList<>(input ? from : to);
    side.retainAll(input ? to : from);
    return side;
  }

  @Override
  public Tensor alias(Tensor[] in, Shape output) {
    return common(true).equals(common(false)) ? in[0].reshape(output) : null;
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Axes axes = axes(in[0].shape());
    permute(in[0], common(true), common(false), axes, y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Shape x = call.input(0).shape();
    if (common(true).equals(common(false))) {
      return new Tensor[] {dy.reshape(x)};
    }
    Tensor dx = call.like(0);
    permute(dy, common(false), common(true), call.axes(), dx);
    return new Tensor[] {dx};
  }

  private static void permute(Tensor x, List<String> from, List<String> to, Axes axes, Tensor y) {
    int[] order = to.stream().mapToInt(from::indexOf).toArray();
    Tensor source = x.reshape(expanded(from, axes, x.count()));
    KernelLookup.of(y).permute(source, order, y.reshape(expanded(to, axes, x.count())));
  }

  private static Shape expanded(List<String> letters, Axes axes, int count) {
    int[] sizes = new int[letters.size()];
    int product = 1;
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = letters.get(i).equals(REST) ? 1 : axes.size(letters.get(i));
      product *= sizes[i];
    }
    int rest = letters.indexOf(REST);
    if (rest >= 0) {
      sizes[rest] = count / product;
    }
    return Shape.of(sizes);
  }

  /**
   * Ties as the signature says; and of a merged axis with a letter of fixed size, such as the
   * groups of a shuffle, ties what differs in that letter only, so that its size can stay.
   */
  @Override
  public void couple(Call call, Coupling coupling) {
    call.axes().couple(coupling);
    coupleFixed(call, 0, spec.inputs().get(0).terms(), coupling);
    coupleFixed(call, Coupling.OUTPUT, spec.output(), coupling);
  }

  private void coupleFixed(Call call, int tensor, List<Term> terms, Coupling coupling) {
    int rank = (tensor == Coupling.OUTPUT ? call.axes().output() : call.axes().input(0)).rank();
    boolean behindRest = false;
    for (int i = 0; i < terms.size(); i++) {
      behindRest |= terms.get(i) instanceof AxisSpec.Rest;
      if (terms.get(i) instanceof Merged merged) {
        int axis = behindRest ? rank - terms.size() + i : i;
        int count = merged.names().stream().mapToInt(call.axes()::size).reduce(1, (a, b) -> a * b);
        for (int element = 0; element < count; element++) {
          int first = withoutFixed(call.axes(), merged, element);
          if (first != element) {
            coupling.tie(tensor, axis, first, tensor, axis, element);
          }
        }
      }
    }
  }

  /** Returns the element with the digits of all fixed letters set to 0. */
  private int withoutFixed(Axes axes, Merged merged, int element) {
    int stride = 1;
    int first = element;
    for (int i = merged.names().size() - 1; i >= 0; i--) {
      int size = axes.size(merged.names().get(i));
      if (sizes.containsKey(merged.names().get(i))) {
        first -= element / stride % size * stride;
      }
      stride *= size;
    }
    return first;
  }
}
