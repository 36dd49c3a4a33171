/**
 * Data and nothing else: {@link org.espalier.tensor.Shape}, {@link org.espalier.tensor.Tensor} over
 * a flat {@link org.espalier.tensor.Buffer}, the {@link org.espalier.tensor.Workspace} that reuses
 * buffers, the counter-based {@link org.espalier.tensor.Random}, and the exceptions every module
 * throws.
 *
 * <p>A tensor is contiguous and row-major, always; activations are channels-last. Arithmetic lives
 * in {@link org.espalier.tensor.kernel}, never here.
 */
package org.espalier.tensor;
