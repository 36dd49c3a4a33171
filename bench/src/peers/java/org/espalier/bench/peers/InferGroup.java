package org.espalier.bench.peers;

import java.util.List;
import java.util.stream.Stream;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;

/** Batches through networks that do not train. */
final class InferGroup implements Group {
  /** A model, the batch it sees, and the number of classes. */
  private record Task(String model, int batch, Shape image, int classes) {
    Contest contest() {
      long seed = System.nanoTime();
      return new Contest(
          "infer",
          model + " batch " + batch,
          "libtorch",
          () -> {
            Module net = Nets.make(model, image, classes, seed);
            float[] images = Nets.images(batch, image, seed);
            return new Sides(
                new Inference.Ours(net, images, batch, image),
                new Inference.Libtorch(net, images, batch, image));
          });
    }
  }

  private static final Shape SMALL = Shape.of(32, 32, 3);
  private static final Shape LARGE = Shape.of(224, 224, 3);

  @Override
  public List<Contest> contests(int threads) {
    return Stream.of(
            new Task("resnet20", 1, SMALL, 10),
            new Task("resnet20", 64, SMALL, 10),
            new Task("vgg16", 1, SMALL, 10),
            new Task("vgg16", 16, SMALL, 10),
            new Task("resnet50", 1, LARGE, 1000),
            new Task("mobilenetv2-224", 1, LARGE, 1000))
        .map(Task::contest)
        .toList();
  }
}
