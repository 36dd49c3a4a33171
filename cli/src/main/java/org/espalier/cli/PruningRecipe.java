package org.espalier.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says what a run cuts.
 *
 * @param criterion what channels are worth
 * @param cut how much goes
 * @param steps in how many steps
 */
record PruningRecipe(Criteria criterion, Cut cut, int steps) {
  /** Returns the record that is saved with the pruned model. */
  Map<String, Object> meta() {
    Map<String, Object> meta = new LinkedHashMap<>();
    meta.put("criterion", criterion.title());
    meta.put("cut", cut.option());
    meta.put("steps", (long) steps);
    return meta;
  }
}
