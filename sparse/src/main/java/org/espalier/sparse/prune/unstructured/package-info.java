/**
 * Pruning of single connections (resource-efficiency survey, P1 to P8): which weights go ({@link
 * org.espalier.sparse.prune.unstructured.ConnectionMasks}), when ({@link
 * org.espalier.sparse.prune.unstructured.CubicSparsitySchedule}), and the methods built of both.
 */
package org.espalier.sparse.prune.unstructured;
