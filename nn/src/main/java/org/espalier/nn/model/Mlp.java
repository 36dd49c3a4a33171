package org.espalier.nn.model;

import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Init;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;

/**
 * Multilayer perceptrons: flatten, then linear layers {@code fc1}, {@code fc2}, ... with ReLU
 * between.
 */
public final class Mlp {
  private Mlp() {}

  /**
   * Returns a perceptron.
   *
   * @param sizes numbers of inputs, of each hidden layer, and of outputs
   */
  public static Sequential of(int... sizes) {
    if (sizes.length < 2) {
      throw new IllegalArgumentException(
          "mlp: needs the numbers of inputs and outputs, got " + sizes.length + " sizes");
    }
    Sequential.Builder net = Sequential.builder().add("flatten", new Flatten());
    for (int i = 1; i < sizes.length; i++) {
      net.add(
          "fc" + i,
          new Linear(
              sizes[i - 1], sizes[i], Init.kaimingNormal(Fan.IN, Gain.RELU), Init.constant(0)));
      if (i < sizes.length - 1) {
        net.add("relu" + i, Activation.relu());
      }
    }
    return net.build();
  }
}
