/**
 * Weight sharing: the weights of a layer take one of a few values, which train; a file holds a
 * short code a weight and the values (resource-efficiency survey, S5). {@link
 * org.espalier.sparse.sharing.WeightClustering} attaches to a parameter like every other technique,
 * {@link org.espalier.sparse.sharing.Codebook} finds the values by k-means. {@link
 * org.espalier.sparse.sharing.HashedWeights} shares by a hash and needs no codes.
 */
package org.espalier.sparse.sharing;
