package org.espalier.sparse.prune.criterion.batchnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Compares with values computed in forty digits. */
class StandardNormalTest {
  /** x, erfc(x), erfcx(x). */
  private static final double[][] KNOWN = {
    {-3, 1.9999779095030014, 16205.988853999587},
    {-0.5, 1.5204998778130465, 1.9523604891825571},
    {0, 1.0, 1.0},
    {0.3, 0.67137324054087258, 0.73459933456765515},
    {1, 0.15729920705028513, 0.427583576155807},
    {1.9, 0.0072095707647425328, 0.26650937366167266},
    {1.999999, 0.0046777556480739522, 0.25539578310700939},
    {2, 0.0046777349810472658, 0.25539567631050574},
    {2.5, 0.00040695201744495894, 0.21080636406114358},
    {3, 2.2090496998585441e-5, 0.17900115118138995},
    {5, 1.5374597944280349e-12, 0.11070463773306863},
    {8, 1.1224297172982927e-29, 0.069985166200880928},
    {12, 1.3562611692059042e-64, 0.046854221014893763},
    {20, 5.3958656116079009e-176, 0.028174348741051319},
    {26, 5.6631924088561428e-296, 0.021683584850562907},
  };

  @Test
  void errorFunctionsAreRightToTwelveDigits() {
    for (double[] known : KNOWN) {
      double x = known[0];
      assertEquals(known[1], StandardNormal.erfc(x), 1e-12 * known[1], "erfc " + x);
      assertEquals(known[2], StandardNormal.erfcx(x), 1e-12 * known[2], "erfcx " + x);
    }
  }

  @Test
  void distributionAndDensityBelongTogether() {
    assertEquals(0.5, StandardNormal.distribution(0), 1e-15);
    assertEquals(1 / Math.sqrt(2 * Math.PI), StandardNormal.density(0), 1e-15);
    for (double x = -6; x < 6; x += 0.37) {
      double h = 1e-5;
      double slope =
          (StandardNormal.distribution(x + h) - StandardNormal.distribution(x - h)) / (2 * h);
      assertEquals(StandardNormal.density(x), slope, 1e-9);
      assertEquals(
          StandardNormal.distribution(x) / StandardNormal.density(x),
          StandardNormal.mills(x),
          1e-10 * StandardNormal.mills(x));
    }
  }
}
