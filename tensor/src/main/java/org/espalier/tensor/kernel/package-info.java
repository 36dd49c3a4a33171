/**
 * The small interface to all heavy arithmetic, {@link org.espalier.tensor.kernel.Kernels}, with the
 * geometry records and elementwise functions it speaks of, and {@link
 * org.espalier.tensor.kernel.KernelLookup}, which chooses one implementation for the whole process.
 */
package org.espalier.tensor.kernel;
