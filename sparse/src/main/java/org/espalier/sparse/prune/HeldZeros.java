package org.espalier.sparse.prune;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Ends soft pruning: from here on the zeroed channels stay zero while the rest trains on, so that
 * what is measured is what {@link Compact#extract} leaves.
 *
 * <p>Without it a filter that regrew since the last zeroing counts in full, however small it is:
 * batch norm divides by its deviation. {@link #attach} silences the channels that a cut would take
 * and puts a {@link FixedMask} on all that makes them; masks are state, so snapshots hold them and
 * a resumed run goes on with them. {@link #fold} bakes the zeros in when training is done.
 */
public final class HeldZeros {
  private HeldZeros() {}

  /**
   * Silences the channels that are zero now, as {@link Compact#mask} does, and holds them: their
   * rows of weights, biases, gamma and beta get fixed masks. Other channels are left alone. A
   * parameter that has a fixed mask already keeps one, the product of both.
   *
   * @param model the model, modified
   * @param sampleShape the shape of one sample, without the batch axis
   * @param mode how residual streams will be cut
   * @return the parameters that are held in part
   */
  public static Set<Parameter> attach(Module model, Shape sampleShape, Compact.Mode mode) {
    Map<Parameter, Tensor> masks = new LinkedHashMap<>();
    for (Member member : Compact.mask(model, sampleShape, mode)) {
      Tensor mask =
          masks.computeIfAbsent(
              member.parameter(), held -> Tensor.full(held.dtype(), held.shape(), 1));
      for (int index : member.indices()) {
        Slices.visit(mask, member.axis(), index, element -> mask.set(element, 0));
      }
    }
    masks.forEach(HeldZeros::hold);
    return masks.keySet();
  }

  private static void hold(Parameter parameter, Tensor mask) {
    Optional<FixedMask> before =
        parameter.parametrizations().stream()
            .filter(FixedMask.class::isInstance)
            .map(FixedMask.class::cast)
            .findFirst();
    if (before.isEmpty()) {
      parameter.attach(new FixedMask(mask));
    } else {
      before.get().mask().update(kept -> multiply(kept, mask));
    }
  }

  private static void multiply(Tensor kept, Tensor mask) {
    for (int element = 0; element < kept.count(); element++) {
      kept.set(element, kept.get(element) * mask.get(element));
    }
  }

  /**
   * Bakes the masks in: every parameter that carries fixed masks and nothing else becomes a plain
   * one with the same effective value. What carries other parametrizations too keeps them all.
   */
  public static void fold(Module model) {
    for (Parameter parameter : List.copyOf(model.state().values())) {
      List<Parametrization> attached = parameter.parametrizations();
      if (!attached.isEmpty() && attached.stream().allMatch(FixedMask.class::isInstance)) {
        parameter.fold();
      }
    }
  }
}
