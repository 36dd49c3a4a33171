/**
 * The operations, one file each (or one a family), and the façades users call: {@link
 * org.espalier.autograd.op.Ops}, {@link org.espalier.autograd.op.Normalizations} and {@link
 * org.espalier.autograd.op.Losses}.
 *
 * <p>To add an op: write its record here, one line in its façade, one row in the op table of the
 * tests.
 */
package org.espalier.autograd.op;
