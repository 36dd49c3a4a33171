package org.espalier.tests.golden;

import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Init;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Finds the deviations and bounds of our initialisers out of what they draw: each is a multiple of
 * the same draw with deviation or bound 1.
 */
final class GoldenInit {
  private static final Random RANDOM = Random.of(9);

  private GoldenInit() {}

  static void check(GoldenCase golden, DType dtype) {
    Shape first = Shape.of(golden.integers("weight_shape"));
    Shape weight = ChannelsLast.of(Tensor.zeros(dtype, first)).shape();
    golden.expect("fan_in", Fan.IN.of(weight));
    golden.expect("fan_out", Fan.OUT.of(weight));
    Init normal = Init.normal(0, 1);
    Init uniform = Init.uniform(-1, 1);
    Init truncated = Init.truncNormal(0, 1, -2, 2);
    Init tensorflow = Init.varianceScaling(2, Fan.IN, Init.Distribution.TRUNCATED_NORMAL);
    Draw draw = new Draw(golden, dtype, weight);
    draw.expect("kaiming_normal_fan_in_relu_std", Init.kaimingNormal(Fan.IN, Gain.RELU), normal);
    draw.expect("kaiming_normal_fan_out_relu_std", Init.kaimingNormal(Fan.OUT, Gain.RELU), normal);
    draw.expect(
        "kaiming_uniform_fan_in_relu_bound", Init.kaimingUniform(Fan.IN, Gain.RELU), uniform);
    draw.expect("kaiming_uniform_a_sqrt5_bound", Init.pytorchWeight(), uniform);
    draw.expect("default_bias_bound", Init.pytorchBias(weight), uniform);
    draw.expect("xavier_normal_std", Init.xavierNormal(1), normal);
    draw.expect("xavier_uniform_bound", Init.xavierUniform(1), uniform);
    draw.expect("tf_variance_scaling_2_truncnormal_stddev", tensorflow, truncated);
  }

  private record Draw(GoldenCase golden, DType dtype, Shape weight) {
    void expect(String key, Init scaled, Init unit) {
      Tensor values = drawn(scaled);
      Tensor units = drawn(unit);
      double factor = 0;
      double largest = 0;
      for (int i = 0; i < units.count(); i++) {
        // The largest draw gives the most accurate quotient.
        if (Math.abs(units.get(i)) > largest) {
          largest = Math.abs(units.get(i));
          factor = values.get(i) / units.get(i);
        }
      }
      golden.expect(key, factor);
    }

    private Tensor drawn(Init init) {
      Tensor tensor = Tensor.zeros(dtype, weight);
      init.fill(tensor, RANDOM);
      return tensor;
    }
  }
}
