/**
 * Masks as parametrizations of parameters: no layer knows that its weight is masked. {@link
 * org.espalier.sparse.mask.FixedMask} holds zeros; {@link org.espalier.sparse.mask.LearnedMask}
 * learns them, steered by the callback {@link org.espalier.sparse.mask.SparseConnectivity} (SCL).
 */
package org.espalier.sparse.mask;
