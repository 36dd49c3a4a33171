package org.espalier.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.tensor.ShapeException;

/**
 * Is the place where values enter or leave a module, and where parametrizations transform them:
 * fake quantisation, binary activations. The module knows nothing of it. Saved and listed as {@code
 * relu1.output.fake_quantize.low}.
 *
 * <p>A transform keeps the value's shape. Modules are not fused across a port with transforms.
 */
public final class Port {
  private final String name;
  private final List<Parametrization> parametrizations = new ArrayList<>();

  Port(String name) {
    this.name = name;
  }

  /** Attaches a transform behind those attached before. */
  public void attach(Parametrization parametrization) {
    parametrizations.add(parametrization);
  }

  /** Takes a transform away; refused where it is not attached. */
  public void detach(Parametrization parametrization) {
    if (!parametrizations.removeIf(attached -> attached == parametrization)) {
      throw new IllegalArgumentException(
          "%s: this %s is not attached, there are %s"
              .formatted(
                  name,
                  parametrization.spec().type(),
                  parametrizations.stream().map(attached -> attached.spec().type()).toList()));
    }
  }

  /** Returns the attached transforms in order of application. */
  public List<Parametrization> parametrizations() {
    return Collections.unmodifiableList(parametrizations);
  }

  /** Tells whether values pass unchanged. */
  public boolean isEmpty() {
    return parametrizations.isEmpty();
  }

  /** Transforms a value; what is made in between is released, the value itself is not. */
  Var apply(Pass pass, Var value) {
    Var current = value;
    for (Parametrization parametrization : parametrizations) {
      Var next = parametrization.apply(pass, current);
      if (!next.shape().equals(value.shape())) {
        throw new ShapeException(
            "%s of %s: %s gives %s, a transform must keep %s"
                .formatted(
                    name,
                    pass.tape().scope(),
                    parametrization.spec().type(),
                    next.shape(),
                    value.shape()));
      }
      if (current != value && next != current) {
        pass.release(current);
      }
      current = next;
    }
    return current;
  }
}
