/**
 * Benchmarks of the kernels (JMH), started by {@code bench/jmh}. They reach the kernels as the
 * engine does, through {@link org.espalier.tensor.kernel.KernelLookup}; {@code
 * -jvmArgsAppend=-Despalier.kernels=scalar} measures another set.
 */
package org.espalier.bench;
