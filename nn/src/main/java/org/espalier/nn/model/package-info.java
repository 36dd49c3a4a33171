/**
 * Standard architectures as data: each factory returns a tree of {@link
 * org.espalier.nn.Sequential}, {@link org.espalier.nn.Residual}, {@link org.espalier.nn.Concat} and
 * layers, so that a cut or split network is again such a tree and a saved one needs no class named.
 * {@link org.espalier.nn.model.Models#byName} finds them by name.
 *
 * <p>Their costs are those of the structured-pruning reference, section 4.2, exactly.
 */
package org.espalier.nn.model;
