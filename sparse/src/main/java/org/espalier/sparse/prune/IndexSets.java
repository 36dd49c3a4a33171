package org.espalier.sparse.prune;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import org.espalier.autograd.Var;

/**
 * Numbers every index of every axis of the tensors of a pass and joins those that must be cut
 * together (union-find, path halving).
 */
final class IndexSets {
  private final Map<Var, int[]> firstNodes = new IdentityHashMap<>();
  private int[] parents = new int[1024];
  private int count;

  /** Returns the node of one index of an axis. */
  int node(Var var, int axis, int index) {
    return firstNodes.computeIfAbsent(var, this::number)[axis] + index;
  }

  private int[] number(Var var) {
    int fresh = count;
    int[] first = new int[var.shape().rank()];
    for (int axis = 0; axis < first.length; axis++) {
      first[axis] = count;
      count += var.shape().size(axis);
    }
    if (count > parents.length) {
      parents = Arrays.copyOf(parents, Math.max(count, 2 * parents.length));
    }
    for (int node = fresh; node < count; node++) {
      parents[node] = node;
    }
    return first;
  }

  /** Joins the sets of two nodes; the lower number stands for the set. */
  void join(int a, int b) {
    int rootA = find(a);
    int rootB = find(b);
    parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }

  /** Returns the node that stands for the set of a node. */
  int find(int node) {
    int current = node;
    while (parents[current] != current) {
      parents[current] = parents[parents[current]];
      current = parents[current];
    }
    return current;
  }
}
