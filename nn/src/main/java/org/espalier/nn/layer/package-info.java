/**
 * Layers: modules that own parameters and options and call one or few operations. Sizes are those
 * of the tensors, never fields, so that cutting parameters is enough to shrink a model; only
 * constructors take channel numbers. {@link org.espalier.nn.layer.LayerTypes} builds each layer
 * again from its spec.
 *
 * <p>Values are channels-last: {@code [n, h, w, c]}, {@code [n, l, c]}, {@code [n, f]}. Formulas:
 * layers reference, sections 2 to 7.
 */
package org.espalier.nn.layer;
