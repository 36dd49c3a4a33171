/**
 * Quantised training and calibration (resource-efficiency survey, section 2, Q1 to Q8): weights and
 * values rounded to few bits while a network trains, and the ranges that integer inference needs.
 *
 * <p>There are no quantised layers. Every technique is a parametrization of a weight, or of a
 * module's input or output: {@link org.espalier.sparse.quant.FakeQuantize} and {@link
 * org.espalier.sparse.quant.LearnedStepSize} round to a grid, {@link
 * org.espalier.sparse.quant.BinaryConnect}, {@link org.espalier.sparse.quant.ScaledBinaryWeight},
 * {@link org.espalier.sparse.quant.DoReFaWeight}, {@link org.espalier.sparse.quant.TernaryWeight}
 * and {@link org.espalier.sparse.quant.TrainedTernary} to few values. {@link
 * org.espalier.sparse.quant.QuantizationAwareTraining} attaches them over a whole model and steers
 * them through a run.
 *
 * <p>{@link org.espalier.sparse.quant.AffineQuantizer} is the grid itself, {@link
 * org.espalier.sparse.quant.Observer} finds its range, {@link
 * org.espalier.sparse.quant.QuantizationPoints} says where integer inference has grids, {@link
 * org.espalier.sparse.quant.Calibration} collects their ranges in a trained model, and {@link
 * org.espalier.sparse.quant.BatchNormFolding} makes plain layers of normalised ones.
 */
package org.espalier.sparse.quant;
