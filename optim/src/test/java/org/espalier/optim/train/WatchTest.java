package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.optim.Goal;
import org.junit.jupiter.api.Test;

class WatchTest {
  @Test
  void onlyAChangeLargeEnoughIsAnImprovement() {
    Watch watch = new Watch(Goal.MAXIMIZE, 0.1);
    assertTrue(watch.isBest(0.5, 0, 9));
    assertFalse(watch.isBest(0.55, 1, 9));
    assertFalse(watch.hasWaited(2));
    assertFalse(watch.isBest(0.6, 2, 9));
    assertTrue(watch.hasWaited(2));
    assertTrue(watch.isBest(0.7, 3, 9));
    assertFalse(watch.hasWaited(1));
    assertEquals(3, watch.bestEpoch());
  }

  @Test
  void aCutModelStartsAnewBecauseTheBestOfBeforeNoLongerFits() {
    Watch watch = new Watch(Goal.MINIMIZE, 0);
    assertTrue(watch.isBest(1, 0, 9));
    assertTrue(watch.isBest(2, 1, 5));
    assertFalse(watch.isBest(2, 2, 5));
    assertEquals(2, watch.best());
  }

  @Test
  void anythingBeatsNaN() {
    Watch watch = new Watch(Goal.MINIMIZE, 0);
    assertTrue(watch.isBest(Double.NaN, 0, 9));
    assertTrue(watch.isBest(7, 1, 9));
    assertFalse(watch.isBest(Double.NaN, 2, 9));
    assertEquals(7, watch.best());
  }
}
