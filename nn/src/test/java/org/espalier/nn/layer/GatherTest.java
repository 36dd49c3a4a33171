package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests the layers that move channels by number: gather, scatter, option-A shortcut. */
class GatherTest {
  @Test
  void selectsChannelsAndZeros() {
    Tensor x = Tensor.of(Shape.of(1, 2, 3), 1f, 2, 3, 4, 5, 6);
    Values.assertSame(
        Tensor.of(Shape.of(1, 2, 4), 3f, 0, 1, 1, 6, 0, 4, 4),
        Values.infer(new Gather(2, -1, 0, 0), x));
    Values.assertSame(
        Tensor.of(Shape.of(1, 2, 2), 2f, 3, 5, 6), Values.infer(Gather.slice(1, 3), x));
    assertThrows(
        IllegalArgumentException.class, () -> Values.infer(new Gather(3), x), "out of range");
  }

  @Property(tries = 20)
  void shuffleByNumbersEqualsTheShuffleOfAxes(
      @ForAll @IntRange(min = 1, max = 4) int groups,
      @ForAll @IntRange(min = 1, max = 4) int size,
      @ForAll long seed) {
    Tensor x = Values.normal(seed, 2, 3, 3, groups * size);
    Values.assertSame(
        Values.infer(new ChannelShuffle(groups), x),
        Values.infer(Gather.shuffle(groups * size, groups), x));
  }

  @Test
  void shuffleRefusesGroupsThatDoNotDivide() {
    assertThrows(IllegalArgumentException.class, () -> Gather.shuffle(5, 2));
  }

  @Test
  void scatterPutsChannelsWhereTheyBelongAndAddsConstants() {
    Scatter scatter = new Scatter(new int[] {3, -1, 0}, 4);
    Tensor x = Tensor.of(Shape.of(1, 3), 5f, 6, 7);
    Values.assertSame(Tensor.of(Shape.of(1, 4), 7f, 0, 0, 5), Values.infer(scatter, x));
    scatter.constant().update(c -> c.set(1, 2));
    Tensor shifted = Tensor.of(Shape.of(1, 4), 7f, 2, 0, 5);
    Values.assertSame(shifted, Values.infer(scatter, x));
    Values.assertSame(shifted, Values.study(scatter, x));
    Values.assertSame(shifted, Values.train(scatter, x, 0));
    scatter.constant().update(c -> c.set(1, 0));
    assertEquals(0, Values.infer(scatter, x).get(1));
  }

  @Test
  void optionATakesEverySecondPixelAndPadsChannels() {
    Tensor x = Tensor.zeros(1, 3, 3, 2);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, i + 1);
    }
    Tensor both = Values.infer(new OptionAShortcut(2, 6, 2), x);
    assertEquals(Shape.of(1, 2, 2, 6), both.shape());
    Values.assertSame(
        Tensor.of(
            Shape.of(1, 2, 2, 6),
            0f,
            0,
            1,
            2,
            0,
            0,
            0,
            0,
            5,
            6,
            0,
            0,
            0,
            0,
            13,
            14,
            0,
            0,
            0,
            0,
            17,
            18,
            0,
            0),
        both);
    Tensor behind =
        Values.infer(
            new OptionAShortcut(2, 3, 2, OptionAShortcut.Zeros.BEHIND, 2),
            Tensor.of(Shape.of(1, 2, 2, 2), 1f, 2, 3, 4, 5, 6, 7, 8));
    Values.assertSame(Tensor.of(Shape.of(1, 1, 1, 3), 4f, 5, 0), behind);
    assertThrows(IllegalArgumentException.class, () -> new OptionAShortcut(4, 2, 2));
  }

  @Test
  void optionAOddDifferencePutsTheLargerHalfBehind() {
    Tensor index = new OptionAShortcut(2, 5, 1).index().raw();
    Values.assertSame(Tensor.indices(-1, 0, 1, -1, -1), index);
  }
}
