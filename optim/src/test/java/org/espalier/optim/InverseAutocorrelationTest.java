package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.linalg.Cholesky;
import org.junit.jupiter.api.Test;

/** Asks what the matrices of a weight become when the weight is cut, and how they multiply. */
class InverseAutocorrelationTest {
  /** Returns {@code A Aᵀ + I} for each block. */
  private static Tensor definite(long seed, int blocks, int size) {
    Tensor all = Tensor.zeros(DType.F64, Shape.of(blocks, size, size));
    for (int block = 0; block < blocks; block++) {
      Tensor a = RlsRun.normal(seed + block, DType.F64, size, size);
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          double sum = i == j ? 1 : 0;
          for (int k = 0; k < size; k++) {
            sum += a.get(i * size + k) * a.get(j * size + k) / size;
          }
          all.set((block * size + i) * size + j, sum);
        }
      }
    }
    return all;
  }

  private static Parameter weight(int... sizes) {
    return Parameter.trainable("w", RlsRun.normal(5, DType.F64, sizes));
  }

  /** Channel c of a 1x2 kernel over three channels has rows c and 3 + c; row 6 is the bias. */
  @Property(tries = 10)
  void cutInputsLeaveTheSubmatrixOrTheSchurComplement(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int gone) {
    Tensor p = definite(seed, 1, 7);
    int[] kept = new int[5];
    int count = 0;
    for (int i = 0; i < 7; i++) {
      if (i == 6 || i % 3 != gone) {
        kept[count++] = i;
      }
    }
    Indices keep = Indices.where(3, channel -> channel != gone);
    Parameter deleted = weight(2, 1, 2, 3);
    InverseAutocorrelation.attach(deleted, p.copy());
    deleted.cut(-1, keep);
    Tensor sub = InverseAutocorrelation.of(deleted).matrix(0);
    Parameter exact = weight(2, 1, 2, 3);
    InverseAutocorrelation.attach(exact, p.copy());
    InverseAutocorrelation.cutBy(exact, CovarianceReduction.SCHUR);
    exact.cut(-1, keep);
    Tensor schur = InverseAutocorrelation.of(exact).matrix(0);
    Tensor inverse = Cholesky.of(p.reshape(7, 7)).inverse();
    Tensor part = Tensor.zeros(DType.F64, Shape.of(5, 5));
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 5; j++) {
        assertEquals(p.get(kept[i] * 7 + kept[j]), sub.get(i * 5 + j));
        part.set(i * 5 + j, inverse.get(kept[i] * 7 + kept[j]));
      }
    }
    assertEquals(0, RlsRun.difference(Cholesky.of(part).inverse(), schur), 1e-4);
  }

  @Test
  void everyGroupLosesTheSameInputsAndOutputsLeaveNoTrace() {
    Parameter weight = weight(4, 1, 2, 3);
    Tensor p = definite(3, 2, 6);
    InverseAutocorrelation.attach(weight, p);
    weight.cut(0, Indices.of(4, 0, 3));
    assertEquals(2, InverseAutocorrelation.of(weight).blocks());
    weight.cut(3, Indices.of(3, 0, 2));
    InverseAutocorrelation cut = InverseAutocorrelation.of(weight);
    assertEquals(4, cut.size());
    for (int block = 0; block < 2; block++) {
      assertEquals(p.get(block * 36 + 2 * 6 + 5), cut.matrix(block).get(4 + 3));
    }
  }

  @Test
  void kernelPositionsCanBeCutToo() {
    Parameter weight = weight(2, 2, 2, 1);
    Tensor p = definite(4, 1, 4);
    InverseAutocorrelation.attach(weight, p);
    weight.cut(2, Indices.of(2, 1));
    assertEquals(p.get(4 + 3), InverseAutocorrelation.of(weight).matrix(0).get(1), "rows 1 and 3");
  }

  @Test
  void blocksMultiplyEachPartOfARow() {
    for (DType dtype : new DType[] {DType.F32, DType.F64}) {
      for (int blocks : new int[] {1, 2, 7}) {
        for (int size : new int[] {1, 5, 9}) {
          Parameter weight = Parameter.trainable("w", RlsRun.normal(1, dtype, blocks, size));
          Tensor p = definite(blocks + size, blocks, size).to(dtype);
          InverseAutocorrelation matrices = InverseAutocorrelation.attach(weight, p);
          Tensor x = RlsRun.normal(2, dtype, 3, blocks * size);
          Tensor y = Tensor.full(dtype, x.shape(), Double.NaN);
          matrices.product(x, y, new Workspace().lease());
          for (int row = 0; row < 3; row++) {
            for (int block = 0; block < blocks; block++) {
              double[] part = new double[size];
              for (int i = 0; i < size; i++) {
                part[i] = x.get(row * blocks * size + block * size + i);
              }
              double[] expected = matrices.gain(block, part);
              for (int i = 0; i < size; i++) {
                assertEquals(expected[i], y.get((row * blocks + block) * size + i), 1e-4);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void floatsMultiplyByMatricesKeptInDouble() {
    Parameter weight = Parameter.trainable("w", RlsRun.normal(1, DType.F32, 2, 4));
    InverseAutocorrelation matrices = InverseAutocorrelation.attach(weight, definite(1, 1, 4));
    Tensor x = RlsRun.normal(2, DType.F32, 2, 4);
    Tensor y = Tensor.zeros(DType.F32, x.shape());
    matrices.product(x, y, new Workspace().lease());
    double[] expected = matrices.gain(0, x.get(0), x.get(1), x.get(2), x.get(3));
    for (int i = 0; i < 4; i++) {
      assertEquals(expected[i], y.get(i), 1e-4);
    }
  }

  @Test
  void symmetrisingTakesTheMeanOfMirroredEntries() {
    Parameter weight = Parameter.trainable("w", RlsRun.normal(1, DType.F64, 1, 2));
    InverseAutocorrelation matrices =
        InverseAutocorrelation.attach(weight, Tensor.of(Shape.of(1, 2, 2), 1.0, 2.0, 4.0, 5.0));
    matrices.symmetrise(0);
    assertTrue(Tensor.of(Shape.of(2, 2), 1.0, 3.0, 3.0, 5.0).bitEquals(matrices.matrix(0)));
    matrices.scale(0, 2);
    assertEquals(12, matrices.trace(0));
  }
}
