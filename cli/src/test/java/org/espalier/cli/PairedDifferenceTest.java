package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PairedDifferenceTest {
  private static Hits hits(int... right) {
    Hits hits = new Hits();
    for (int one : right) {
      hits.add(Tensor.of(Shape.of(1, 2), 1f - one, (float) one), Tensor.indices(1));
    }
    return hits;
  }

  @Test
  void meanAndStandardErrorAreThoseOfTheDifferences() {
    PairedDifference difference =
        PairedDifference.of(hits(1, 1, 1, 0), List.of(hits(1, 0, 0, 0), hits(1, 0, 1, 1)));
    // Differences 0, 1, 0.5, -0.5: mean 0.25, variance (0.0625 + 0.5625 + 0.0625 + 0.5625) / 3.
    assertEquals(0.25, difference.mean(), 1e-15);
    assertEquals(Math.sqrt(1.25 / 3 / 4), difference.standardError(), 1e-15);
    assertEquals("+25.00 ± 32.27", difference.toString());
  }

  @Test
  void equalAnswersDifferByNothing() {
    PairedDifference difference = PairedDifference.of(hits(1, 0, 1), List.of(hits(1, 0, 1)));
    assertEquals(new PairedDifference(0, 0), difference);
  }

  @Test
  void otherSamplesAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> PairedDifference.of(hits(1, 0), List.of(hits(1, 0, 1))));
    assertThrows(
        IllegalArgumentException.class, () -> PairedDifference.of(hits(1), List.of(hits(1))));
    assertThrows(IllegalArgumentException.class, () -> PairedDifference.of(hits(1, 0), List.of()));
  }

  @Test
  void answersSurviveAsText() {
    Hits hits = hits(1, 0, 1, 1, 0, 0, 0, 0, 1, 0);
    Hits read = Hits.of(10, hits.text());
    assertEquals(10, read.samples());
    assertEquals(0.4, read.value());
    for (int i = 0; i < 10; i++) {
      assertEquals(hits.at(i), read.at(i));
    }
    assertThrows(FormatException.class, () -> Hits.of(8, hits.text()));
    assertThrows(FormatException.class, () -> Hits.of(8, "?"));
  }

  @Test
  void ofEqualOutputsTheFirstIsTheAnswer() {
    Hits hits = new Hits();
    hits.add(Tensor.of(Shape.of(2, 2), 2f, 2f, 2f, 2f), Tensor.indices(0, 1));
    assertEquals(0.5, hits.value());
    hits.reset();
    assertEquals(0, hits.samples());
  }
}
