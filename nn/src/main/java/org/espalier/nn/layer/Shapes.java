package org.espalier.nn.layer;

import java.util.function.Function;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Asks for the shapes of a layer's saved tensors while it is built from its spec.
 *
 * @param type the layer's type name, for messages
 * @param byName gives a shape by local name, null where there is none
 */
record Shapes(String type, Function<String, Shape> byName) {
  boolean has(String name) {
    return byName.apply(name) != null;
  }

  /** Returns the shape of a tensor that must be there. */
  Shape required(String name) {
    Shape shape = byName.apply(name);
    if (shape == null) {
      throw new FormatException(
          "model: a layer of type '"
              + type
              + "' has no tensor '"
              + name
              + "' to take its sizes from");
    }
    return shape;
  }
}
