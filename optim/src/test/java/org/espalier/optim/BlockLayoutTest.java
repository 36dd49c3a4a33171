package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class BlockLayoutTest {
  @Property(tries = 60)
  void whatIsPackedComesBackTimesTheFactorOfItsBlock(
      @ForAll @IntRange(min = 1, max = 3) int groups,
      @ForAll @IntRange(min = 1, max = 3) int outputs,
      @ForAll @IntRange(min = 1, max = 4) int taps,
      @ForAll @IntRange(min = 1, max = 3) int channels,
      @ForAll boolean perChannel,
      @ForAll boolean biased,
      @ForAll boolean precise) {
    BlockLayout layout =
        new BlockLayout(groups, outputs, taps, channels, biased && !perChannel, perChannel);
    DType dtype = precise ? DType.F64 : DType.F32;
    Tensor weight = RlsRun.normal(1, dtype, groups * outputs, taps, channels);
    Tensor bias = layout.bias() ? RlsRun.normal(2, dtype, groups * outputs) : null;
    Tensor x = Tensor.full(dtype, Shape.of(outputs, layout.width()), Double.NaN);
    layout.pack(weight, bias, x);
    assertTrue(Arrays.stream(x.toDoubles()).allMatch(Double::isFinite), "all of it is written");
    double[] factors = new double[layout.blocks()];
    for (int block = 0; block < factors.length; block++) {
      factors[block] = block + 2;
    }
    Tensor back = Tensor.full(dtype, weight.shape(), Double.NaN);
    Tensor biasBack = bias == null ? null : Tensor.full(dtype, bias.shape(), Double.NaN);
    layout.unpack(x, factors, back, biasBack);
    for (int i = 0; i < weight.count(); i++) {
      int group = i / (outputs * taps * channels);
      double factor = factors[layout.block(group, i % channels)];
      assertEquals(factor * weight.get(i), back.get(i), 1e-5);
    }
    for (int i = 0; bias != null && i < bias.count(); i++) {
      assertEquals(factors[i / outputs] * bias.get(i), biasBack.get(i), 1e-5);
    }
  }

  @Test
  void aFullBlockHasTheOrderOfTheWeightAndTheBiasLast() {
    BlockLayout layout = new BlockLayout(2, 1, 3, 2, true, false);
    assertEquals(7, layout.size());
    assertEquals(7 + 2 * 2 + 1, layout.at(1, 2, 1));
    assertEquals(13, layout.biasAt(1));
    BlockLayout single = new BlockLayout(2, 1, 3, 2, false, true);
    assertEquals(4, single.blocks());
    assertEquals(3 * 3 + 2, single.at(1, 2, 1));
  }
}
