/**
 * The three kernel sets, reached by name through {@link org.espalier.tensor.kernel.KernelLookup}
 * and exported to nobody: {@code ReferenceKernels} (the oracle), {@code ScalarKernels} (plain
 * loops) and the {@code Vector*} classes, the only ones that import the Vector API.
 */
package org.espalier.tensor.internal;
