/**
 * Quantised training and calibration (resource-efficiency survey, section 2, Q1 to Q8): weights and
 * values rounded to few bits while a network trains, and the ranges that integer inference needs.
 *
 * <p>There are no quantised layers. Every technique is a parametrization of a weight, or of a
 * module's input or output, such as {@link org.espalier.sparse.quant.FakeQuantize}. {@link
 * org.espalier.sparse.quant.AffineQuantizer} is the grid itself, {@link
 * org.espalier.sparse.quant.Observer} finds its range, and {@link
 * org.espalier.sparse.quant.BatchNormFolding} makes plain layers of normalised ones.
 */
package org.espalier.sparse.quant;
