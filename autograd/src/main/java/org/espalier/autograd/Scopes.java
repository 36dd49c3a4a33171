package org.espalier.autograd;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Names the places of a pass: paths of the scopes entered, numbered where one comes again. */
final class Scopes {
  private final Deque<String> paths = new ArrayDeque<>();
  private final Map<String, Integer> visits = new HashMap<>();

  /** Enters a scope below the innermost one; {@code conv} is {@code conv#2} the second time. */
  void enter(String name) {
    String path = path().isEmpty() ? name : path() + "." + name;
    int visit = visits.merge(path, 1, Integer::sum);
    paths.push(visit == 1 ? path : path + "#" + visit);
  }

  /** Leaves the innermost scope. */
  void leave() {
    paths.pop();
  }

  /** Returns the path of the innermost scope, empty at the top. */
  String path() {
    return paths.isEmpty() ? "" : paths.peek();
  }
}
