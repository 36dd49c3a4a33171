/**
 * Loops over several threads: pieces whose borders hang on the size of the problem alone, done by
 * the threads of the pool the caller is in. Kernels use them, and whatever else walks over whole
 * tensors.
 */
package org.espalier.tensor.parallel;
