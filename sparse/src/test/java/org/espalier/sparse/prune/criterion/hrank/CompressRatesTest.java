package org.espalier.sparse.prune.criterion.hrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.espalier.sparse.prune.LogRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressRatesTest {
  @Test
  void termsAreReadAndWrittenBack() {
    CompressRates rates = CompressRates.parse("[0.95]+[0.5]*6 + [.9] * 4+[0.]*2");
    assertEquals(13, rates.size());
    assertEquals(
        List.of(0.95, 0.5, 0.9, 0.0),
        List.of(rates.of(0), rates.of(6), rates.of(10), rates.of(12)));
    assertEquals("[0.95]+[0.5]*6+[0.9]*4+[0.0]*2", rates.toString());
    assertEquals(rates, CompressRates.parse(rates.toString()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[0]",
        "[0.5",
        "[0.5]*",
        "[0.5]*x",
        "[1.0]",
        "[1.5]*2",
        "[-0.1]",
        "0.5",
        "[0.5]++[0.1]",
        "[0.5]*-1"
      })
  void whatIsNoTermIsRefused(String text) {
    assertRefused("compress rate", () -> CompressRates.parse(text));
    assertRefused("compress rate", () -> CompressRates.parse("[0.5]*2+" + text));
  }

  @Test
  void ratesOutsideTheirRangeAreRefused() {
    for (double rate : new double[] {-0.1, 1, Double.NaN}) {
      assertRefused("[0, 1)", () -> new CompressRates(List.of(rate)));
    }
  }

  @Property(tries = 100)
  void theWeakestHaveTheLeastSumOfAllChoicesOfThatSize(
      @ForAll @Size(min = 1, max = 9) List<@DoubleRange(min = 0, max = 4) Double> list,
      @ForAll @DoubleRange(min = 0, max = 0.99) double rate) {
    double[] scores = list.stream().mapToDouble(s -> Math.rint(2 * s) / 2).toArray();
    int[] out = new CompressRates(List.of(rate)).weakest(0, scores);
    assertEquals(
        Math.min(scores.length - 1, (int) Math.floor(scores.length * rate + 1e-9)), out.length);
    double sum = 0;
    for (int filter : out) {
      sum += scores[filter];
    }
    double least = DoubleStream.of(scores).sorted().limit(out.length).sum();
    assertEquals(least, sum, 1e-9);
    for (int filter : out) {
      for (int other = 0; other < filter; other++) {
        int at = other;
        boolean goes = Arrays.stream(out).anyMatch(o -> o == at);
        assertTrue(goes || scores[other] > scores[filter], "ties go from the front");
      }
    }
  }

  @Test
  void tiesGoFromTheFrontAndOneFilterStays() {
    CompressRates rates = CompressRates.parse("[0.34]+[0.95]");
    assertArrayEquals(new int[] {0, 2}, rates.weakest(0, 1, 5, 1, 1, 5, 5));
    assertArrayEquals(new int[] {0, 1, 2}, rates.weakest(1, 2, 2, 2, 2));
    assertEquals(0, rates.pruned(1, 1));
    LogRecords.clear();
    assertEquals(3, new CompressRates(List.of(1 - 1e-11)).pruned(0, 4));
    assertTrue(LogRecords.of(Level.WARNING).get(0).contains("one is kept"));
  }

  @Property(tries = 50)
  void countsAreWholeOnPaper(@ForAll @IntRange(min = 1, max = 64) int tens) {
    for (int tenth = 0; tenth < 10; tenth++) {
      CompressRates rates = new CompressRates(List.of(1 - (10 - tenth) / 10.0));
      assertEquals(tens * tenth, rates.pruned(0, 10 * tens));
    }
  }

  @Test
  void publishedRatesHaveTheirLengths() {
    assertEquals(13, ReleasedRates.VGG_16.rates().size());
    assertEquals(55, ReleasedRates.RESNET_56.rates().size());
    assertEquals(109, ReleasedRates.RESNET_110.rates().size());
    assertEquals(39, ReleasedRates.DENSENET_40.rates().size());
    assertEquals(10, ReleasedRates.GOOGLENET.rates().size());
    assertEquals(53, ReleasedRates.RESNET_50.rates().size());
  }
}
