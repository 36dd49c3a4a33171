/**
 * Replaces trained layers by chains of smaller ones that start from the trained weights: singular
 * value, Tucker-2 and CP decompositions, depthwise-separable and grouped convolutions
 * (resource-efficiency survey, S2 to S4). {@link
 * org.espalier.sparse.decomposition.LayerDecomposition} is what they share; {@link
 * org.espalier.sparse.decomposition.ModelDecomposition} swaps the layers of a whole model. The
 * result is a tree of ordinary layers, to be fine-tuned, saved and run like any other.
 */
package org.espalier.sparse.decomposition;
