package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.VectorWinogradTest.geometry;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests which convolutions Winograd's transform is chosen for. */
class VectorWinogradChoiceTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  @Test
  void choiceLeavesSmallAndOtherProblemsToTheDirectKernels() {
    assertTrue(VectorWinogradChoice.serves(geometry(3, 3, 64, 16, 16, 64, 64, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(3, 3, 64, 2, 2, 64, 64, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(3, 3, 1, 8, 8, 64, 64, 1, 1, 1, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(3, 3, 64, 16, 16, 10, 10, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(3, 3, 64, 16, 16, 64, 2, 1, 1, 1, 1)));
    assertFalse(
        VectorWinogradChoice.fits(
            new ConvGeometry(64, 16, 16, 64, 8, 8, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(5, 5, 64, 16, 16, 64, 64, 2, 2, 2, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(1, 5, 16, 1, 150, 128, 256, 0, 2, 2, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(1, 3, 16, 1, 150, 16, 128, 0, 1, 1, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(5, 5, 64, 14, 14, 6, 16, 0, 0, 0, 1)));
    assertTrue(VectorWinogradChoice.serves(geometry(5, 5, 1, 16, 16, 64, 64, 2, 2, 2, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(5, 5, 64, 28, 28, 1, 6, 2, 2, 2, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(5, 5, 64, 2, 2, 64, 64, 2, 2, 2, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(1, 3, 16, 1, 150, 10, 128, 0, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.serves(geometry(1, 3, 64, 1, 2, 64, 128, 0, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.fits(geometry(3, 5, 64, 16, 16, 64, 64, 1, 2, 2, 1)));
    assertFalse(VectorWinogradChoice.fits(geometry(3, 1, 64, 16, 16, 64, 64, 1, 0, 0, 1)));
    assertFalse(VectorWinogradChoice.fits(geometry(1, 8, 16, 1, 150, 64, 128, 0, 4, 4, 1)));
  }

  @Test
  void pixelsBecomeLanesOfFewChannelsAndEnoughLines() {
    assumeTrue(VectorTurn.serves(16), "skipped: squares of 16 need vectors of 512 bits");
    assertTrue(VectorWinogradChoice.planes(geometry(3, 3, 1, 32, 32, 16, 8, 1, 1, 1, 1)));
    assertTrue(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 32, 8, 16, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 1, 32, 32, 8, 16, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 32, 16, 16, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 32, 20, 10, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 32, 3, 4, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 5, 32, 10, 10, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 6, 10, 10, 1, 1, 1, 1)));
    assertFalse(VectorWinogradChoice.planes(geometry(3, 3, 64, 32, 32, 10, 10, 1, 1, 1, 2)));
    assertFalse(VectorWinogradChoice.planes(geometry(5, 5, 64, 32, 32, 10, 10, 2, 2, 2, 1)));
    assertFalse(
        VectorWinogradChoice.planes(
            new ConvGeometry(64, 32, 32, 10, 16, 16, 10, 3, 3, 2, 2, 1, 1, 1, 1, 1)));
  }
}
