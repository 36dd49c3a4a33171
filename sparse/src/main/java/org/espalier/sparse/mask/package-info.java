/** Masks as parametrizations of parameters: no layer knows that its weight is masked. */
package org.espalier.sparse.mask;
