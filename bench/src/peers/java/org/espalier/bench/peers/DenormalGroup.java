package org.espalier.bench.peers;

import java.util.List;
import java.util.function.Function;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;

/**
 * Our networks with weights too small for a normal float against the same networks as they were:
 * processors handle such numbers in a slow way, which must not be felt. What is computed differs.
 */
final class DenormalGroup implements Group {
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final double SCALE = 1e-39;

  @Override
  public List<Contest> contests(int threads) {
    long seed = System.nanoTime();
    float[] images = Nets.images(64, IMAGE, seed);
    return List.of(
        contest("infer", seed, net -> new Inference.Ours(net, images, 64, IMAGE)),
        contest("step", seed, net -> StepGroup.ours("resnet20", 64, net, seed)));
  }

  private static Contest contest(String what, long seed, Function<Module, Side> side) {
    return new Contest(
        "denormal",
        what + " resnet20 batch 64",
        "normal",
        output -> Double.POSITIVE_INFINITY,
        () -> {
          Module tiny = Nets.make("resnet20", IMAGE, 10, seed);
          tiny.parameters().forEach(DenormalGroup::shrink);
          return new Sides(side.apply(tiny), side.apply(Nets.make("resnet20", IMAGE, 10, seed)));
        });
  }

  private static void shrink(Parameter parameter) {
    parameter.update(
        raw -> {
          for (int i = 0; i < raw.count(); i++) {
            raw.set(i, raw.get(i) * SCALE);
          }
        });
  }
}
