package org.espalier.bench.peers;

import java.util.Random;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.model.Models;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Makes the networks that are compared, and their inputs. */
final class Nets {
  private static final String DROPOUT = "dropout";

  private Nets() {}

  /**
   * Returns a model with random weights, gammas, betas and running statistics, so that no engine
   * gains by ones and zeros; without dropout, which each engine would draw differently.
   */
  static Sequential make(String name, Shape image, int classes, long seed) {
    Sequential model = Models.byName(name, image, classes);
    if (model.children().containsKey(DROPOUT)) {
      model.replace(DROPOUT, new Identity());
    }
    model.initialize(seed);
    shakeNorms(model, new Random(seed));
    return model;
  }

  /** Draws what batch norms hold: gamma and variance about 1, beta and mean about 0. */
  static void shakeNorms(Module model, Random random) {
    for (Module module : model.modules().values()) {
      if (module instanceof BatchNorm norm) {
        draw(norm.gamma(), 1, random);
        draw(norm.beta(), 0, random);
        draw(norm.runningMean(), 0, random);
        draw(norm.runningVariance(), 1, random);
      }
    }
  }

  private static void draw(Parameter parameter, float middle, Random random) {
    float[] values = Noise.of(random, parameter.shape().count());
    for (int i = 0; i < values.length; i++) {
      values[i] += middle;
    }
    parameter.set(Tensor.of(parameter.shape(), values));
  }

  /** Returns random images, channels first. */
  static float[] images(int batch, Shape image, long seed) {
    return Noise.of(new Random(seed), batch * image.count());
  }

  /** Returns images as we take them, {@code [batch, h, w, c]}. */
  static Tensor channelsLast(float[] images, int batch, Shape image) {
    int channels = image.size(2);
    return Tensor.of(
        Shape.of(batch, image.size(0), image.size(1), channels),
        Noise.exchange(images, batch, channels, image.size(0) * image.size(1)));
  }

  /** Returns the sizes of a batch as libtorch takes it, {@code [batch, c, h, w]}. */
  static long[] channelsFirst(int batch, Shape image) {
    return new long[] {batch, image.size(2), image.size(0), image.size(1)};
  }
}
