package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.autograd.Var;
import org.espalier.nn.Pass;
import org.espalier.nn.Values;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class DropoutTest {
  @Property(tries = 5)
  void keepsTheMeanAndDropsItsShare(
      @ForAll @DoubleRange(min = 0.1, max = 0.9) double p, @ForAll long seed) {
    int count = 100_000;
    Tensor y = Values.train(new Dropout(p), Tensor.full(DType.F32, Shape.of(1, count), 1), seed);
    double mean = 0;
    int zeros = 0;
    for (double value : y.toDoubles()) {
      mean += value / count;
      zeros += value == 0 ? 1 : 0;
    }
    double error = Math.sqrt(p / (1 - p) / count);
    assertEquals(1, mean, 5 * error);
    assertEquals(p, zeros / (double) count, 5 * Math.sqrt(p * (1 - p) / count));
  }

  @Test
  void isTheIdentityOutsideTrainingAndForZero() {
    Tensor x = Values.normal(1, 2, 3, 4);
    Values.assertSame(x, Values.infer(new Dropout(0.5), x));
    Values.assertSame(x, Values.study(new Dropout(0.5), x));
    Values.assertSame(x, Values.train(new Dropout(0), x, 1));
  }

  @Test
  void dropsEverythingForOneWithoutNotANumber() {
    Values.assertSame(
        Tensor.zeros(2, 3),
        Values.train(new Dropout(1), Tensor.full(DType.F32, Shape.of(2, 3), 1), 1));
  }

  @Test
  void dropsWholeChannelsWhereAsked() {
    Tensor y =
        Values.train(new Dropout(0.5, true), Tensor.full(DType.F32, Shape.of(8, 5, 4), 1), 3);
    for (int n = 0; n < 8; n++) {
      for (int c = 0; c < 4; c++) {
        for (int l = 0; l < 5; l++) {
          assertEquals(y.get(n * 20 + c), y.get((n * 5 + l) * 4 + c));
        }
      }
    }
  }

  @Test
  void drawsAgainFromTheSameSeedAndAnewForEachCall() {
    Tensor x = Tensor.full(DType.F32, Shape.of(4, 50), 1);
    Dropout dropout = new Dropout(0.5);
    Values.assertSame(Values.train(dropout, x, 1), Values.train(dropout, x, 1));
    assertFalse(Values.train(dropout, x, 1).bitEquals(Values.train(dropout, x, 2)));
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var input = pass.input(x);
      Tensor first = dropout.apply(pass, input).value().copy();
      assertFalse(first.bitEquals(dropout.apply(pass, input).value()));
    }
  }

  @Test
  void aGivenMaskIsUsedAsItIs() {
    Dropout dropout = Dropout.withMask(0.5, Tensor.of(Shape.of(1, 3), 1f, 0, 1));
    Tensor x = Tensor.of(Shape.of(1, 3), 1f, 2, 3);
    Values.assertSame(Tensor.of(Shape.of(1, 3), 2f, 0, 6), Values.train(dropout, x, 0));
    assertTrue(dropout.state().containsKey("mask"));
  }

  @Test
  void refusesWhatIsNoProbability() {
    for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Dropout(p));
    }
  }
}
