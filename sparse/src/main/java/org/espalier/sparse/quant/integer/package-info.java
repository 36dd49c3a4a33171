/**
 * Runs networks on 8-bit integers: {@link org.espalier.sparse.quant.integer.PostTrainingQuantizer}
 * turns a trained model into an {@link org.espalier.sparse.quant.integer.IntegerModel} by reading
 * the calls of a recorded pass, and takes over the ranges of a model trained with fake
 * quantisation.
 *
 * <p>Each layer of an integer model is one call on codes; the arithmetic is that of {@link
 * org.espalier.tensor.kernel.IntegerKernels}.
 */
package org.espalier.sparse.quant.integer;
