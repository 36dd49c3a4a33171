/**
 * What channels are worth: one class a {@link org.espalier.sparse.prune.Criterion}, named by what
 * it measures; its documentation names the paper.
 */
package org.espalier.sparse.prune.criterion;
