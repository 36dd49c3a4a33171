/**
 * The operations, one file each (or one a family), and {@link org.espalier.autograd.op.Ops}, the
 * façade users call.
 *
 * <p>To add an op: write its record here, one line in {@code Ops}, one row in the op table of the
 * tests.
 */
package org.espalier.autograd.op;
