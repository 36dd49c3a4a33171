package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Whole training steps: forward, cross entropy, backward, stochastic gradient descent with
 * momentum. Both sides start from the same weights; the loss and the gradients of all kernels and
 * matrices are compared (those of biases in front of batch norms are nothing but rounding).
 */
final class StepGroup implements Group {
  private static final int CLASSES = 10;

  /**
   * The sign of a number that is zero but for rounding decides at a ReLU whether a gradient passes;
   * of millions some are. A single one changes the gradients of all layers in front by about 0.3 %;
   * a wrong layer would change them altogether.
   */
  private static final double KINKS = 0.05;

  private static final float RATE = 0.01f;
  private static final float MOMENTUM = 0.9f;
  private static final Shape COLOUR = Shape.of(32, 32, 3);

  /** A model, the batch it sees, and random numbers for both. */
  private record Task(String model, int batch, Shape image) {
    int[] labels(long seed) {
      return new Random(seed + 1).ints(batch, 0, CLASSES).toArray();
    }

    Contest contest() {
      long seed = System.nanoTime();
      return new Contest(
          "step",
          model + " batch " + batch,
          "libtorch",
          output -> output == 0 ? Contest.ROUNDING : KINKS,
          () -> {
            Module net = Nets.make(model, image, CLASSES, seed);
            return new Sides(new Ours(this, net, seed), new Libtorch(this, net, seed));
          });
    }
  }

  @Override
  public List<Contest> contests(int threads) {
    return Stream.of(
            new Task("resnet20", 128, COLOUR),
            new Task("vgg16", 64, COLOUR),
            new Task("wrn-16-4", 32, COLOUR),
            new Task("lenet5", 64, Shape.of(28, 28, 1)),
            new Task("mobilenetv2", 32, COLOUR))
        .map(Task::contest)
        .toList();
  }

  /** Returns our side of a step on coloured images. */
  static Ours ours(String model, int batch, Module net, long seed) {
    return new Ours(new Task(model, batch, COLOUR), net, seed);
  }

  /** Returns libtorch's side of a step on coloured images. */
  static Side libtorch(String model, int batch, Module net, long seed) {
    return new Libtorch(new Task(model, batch, COLOUR), net, seed);
  }

  private static boolean isCompared(Parameter parameter) {
    return parameter.shape().rank() > 1;
  }

  /** Our side of a step. */
  static final class Ours implements Side {
    private final Workspace workspace = new Workspace();
    private final CrossEntropy criterion = new CrossEntropy();
    private final Sgd sgd = Sgd.builder().rate(RATE).momentum(MOMENTUM).build();
    private final Module model;
    private final Tensor x;
    private final Tensor labels;
    private double loss;

    Ours(Task task, Module model, long seed) {
      this.model = model;
      x = Nets.channelsLast(Nets.images(task.batch, task.image, seed), task.batch, task.image);
      labels = Tensor.indices(task.labels(seed));
    }

    @Override
    public void run() {
      try (Pass pass = Pass.train(workspace, null)) {
        Var y = criterion.of(pass, model.apply(pass, pass.input(x)), labels);
        loss = y.value().item();
        sgd.step(Step.of(pass.tape(), Walk.gradient(y)));
      }
    }

    /** Returns the bytes of all arrays that passes have taken and given back. */
    long workspaceBytes() {
      return workspace.bytesMade();
    }

    /** Returns the loss and the velocities, which after one step are the gradients. */
    @Override
    public List<float[]> outputs() {
      List<float[]> outputs = new ArrayList<>();
      outputs.add(new float[] {(float) loss});
      model.parameters().stream()
          .filter(StepGroup::isCompared)
          .forEach(weight -> outputs.add(weight.slot("sgd.momentum").f32().clone()));
      return outputs;
    }
  }

  private static final class Libtorch extends Torch.TorchSide {
    private final TorchNet net;
    private final NDArray x;
    private final NDArray labels;
    private final NDArray one;
    private NDManager pass;

    Libtorch(Task task, Module model, long seed) {
      net = new TorchNet(model, true, manager());
      x =
          array(
              Nets.images(task.batch, task.image, seed),
              Nets.channelsFirst(task.batch, task.image));
      long[] classes = IntStream.of(task.labels(seed)).asLongStream().toArray();
      labels = manager().create(classes).expandDims(1);
      one = manager().create(1f);
    }

    @Override
    public void run() {
      if (pass != null) {
        pass.close();
      }
      pass = manager().newSubManager();
      net.weights().forEach(weight -> weight.watch(pass));
      Torch.record(true);
      NDArray loss = Torch.crossEntropy(net.apply(Torch.detached(x, pass)), labels);
      Torch.record(false);
      Torch.backward(loss, one);
      net.weights().forEach(weight -> weight.descend(RATE, MOMENTUM));
      keep(loss);
    }

    @Override
    public List<float[]> outputs() {
      List<float[]> outputs = new ArrayList<>(super.outputs());
      net.weights().stream()
          .filter(weight -> isCompared(weight.parameter()))
          .forEach(weight -> outputs.add(weight.gradient()));
      return outputs;
    }
  }
}
