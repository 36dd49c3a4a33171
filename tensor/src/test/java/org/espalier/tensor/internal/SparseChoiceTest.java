package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.SparseMode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SparseChoiceTest {
  private static final ConvGeometry WIDE =
      ConvKernelsTest.geometry(64, 8, 8, 128, 128, 3, 1, 1, 1, 1);

  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  /** Returns a weight for WIDE of which one element in so many is not zero. */
  private static Tensor weight(int every) {
    Tensor weight = Tensor.zeros(128, 3, 3, 128);
    for (int i = 0; i < weight.count(); i += every) {
      weight.set(i, 1);
    }
    return weight;
  }

  @Test
  void takesFrozenWeightsBelowTheMeasuredDensity() {
    SparseChoice auto = SparseChoice.vector(SparseMode.AUTO);
    assertTrue(auto.serves(WIDE, weight(20).frozen()));
    assertFalse(auto.serves(WIDE, weight(2).frozen()));
    assertFalse(auto.serves(WIDE, weight(20)), "a weight that may change");
    assertTrue(SparseChoice.scalar(SparseMode.AUTO).serves(WIDE, weight(20).frozen()));
  }

  @Test
  void doesAsToldWhateverTheDensity() {
    assertTrue(SparseChoice.vector(SparseMode.ALWAYS).serves(WIDE, weight(1).frozen()));
    assertFalse(SparseChoice.vector(SparseMode.NEVER).serves(WIDE, weight(1000).frozen()));
  }

  @Test
  void leavesGroupsAndSmallWeightsToTheDenseKernels() {
    ConvGeometry groups = ConvKernelsTest.geometry(64, 8, 8, 128, 128, 3, 1, 1, 1, 2);
    Tensor half = Tensor.zeros(128, 3, 3, 64).frozen();
    assertFalse(SparseChoice.vector(SparseMode.ALWAYS).serves(groups, half));
    Tensor small = Tensor.of(Shape.of(4, 3, 3, 4), new float[144]).frozen();
    ConvGeometry few = ConvKernelsTest.geometry(64, 8, 8, 4, 4, 3, 1, 1, 1, 1);
    assertFalse(SparseChoice.vector(SparseMode.AUTO).serves(few, small));
  }

  @Test
  void knowsTheShapesThatPayLess() {
    SparseChoice auto = SparseChoice.vector(SparseMode.AUTO);
    double stride = auto.mostDense(ConvKernelsTest.geometry(64, 8, 8, 128, 128, 3, 2, 1, 1, 1));
    assertTrue(auto.mostDense(WIDE) < stride, "Winograd's transform is harder to beat");
    double one = auto.mostDense(ConvGeometry.product(1, 4608, 512));
    assertEquals(one / 2, auto.mostDense(ConvGeometry.product(2, 4608, 512)));
    assertTrue(auto.mostDense(ConvGeometry.product(64, 4608, 512)) > one);
  }
}
