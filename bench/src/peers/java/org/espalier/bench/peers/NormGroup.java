package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Batch norm and ReLU of a training step, forward and backward together, with the gradients of
 * input, gamma and beta.
 */
final class NormGroup implements Group {
  /** Batch and one image. */
  private record Maps(int batch, Shape image) {
    String name() {
      return "bn relu %dx%dx%dx%d".formatted(batch, image.size(0), image.size(1), image.size(2));
    }

    float[] noise(long seed) {
      return Nets.images(batch, image, seed);
    }

    Tensor ours(float[] values) {
      return Nets.channelsLast(values, batch, image);
    }

    /** Returns our array, channels first. */
    float[] theirs(Tensor maps) {
      return Noise.exchange(maps.f32(), batch, image.size(0) * image.size(1), image.size(2));
    }

    Sequential model(long seed) {
      Sequential model = Sequential.of(new BatchNorm(image.size(2)), Activation.relu());
      model.initialize(seed);
      Nets.shakeNorms(model, new Random(seed));
      return model;
    }
  }

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (Maps maps :
        List.of(new Maps(128, Shape.of(32, 32, 16)), new Maps(64, Shape.of(16, 16, 64)))) {
      long seed = System.nanoTime();
      contests.add(
          new Contest(
              "norm",
              maps.name(),
              "libtorch",
              () -> {
                Module model = maps.model(seed);
                return new Sides(new Ours(maps, model, seed), new Libtorch(maps, model, seed));
              }));
    }
    return contests;
  }

  private static final class Ours implements Side {
    private final Workspace workspace = new Workspace();
    private final Maps maps;
    private final Module model;
    private final Tensor x;
    private final Tensor dy;
    private Pass pass;
    private Var input;
    private Var y;
    private Gradients gradients;

    Ours(Maps maps, Module model, long seed) {
      this.maps = maps;
      this.model = model;
      this.x = maps.ours(maps.noise(seed));
      this.dy = maps.ours(maps.noise(seed + 1));
    }

    @Override
    public void run() {
      close();
      pass = Pass.train(workspace, null);
      input = pass.inputWithGradient(x);
      y = model.apply(pass, input);
      gradients = Walk.run(y, dy, Rule.GRADIENT);
    }

    @Override
    public List<float[]> outputs() {
      List<float[]> outputs = new ArrayList<>();
      outputs.add(maps.theirs(y.value()));
      outputs.add(maps.theirs(gradients.of(input)));
      for (Parameter parameter : model.parameters()) {
        outputs.add(gradients.of(parameter).f32().clone());
      }
      return outputs;
    }

    @Override
    public void close() {
      if (pass != null) {
        pass.close();
      }
    }
  }

  private static final class Libtorch extends Torch.TorchSide {
    private final TorchNet net;
    private final NDArray x;
    private final NDArray dy;
    private NDManager pass;
    private NDArray leaf;

    Libtorch(Maps maps, Module model, long seed) {
      net = new TorchNet(model, true, manager());
      long[] sizes = Nets.channelsFirst(maps.batch, maps.image);
      x = array(maps.noise(seed), sizes);
      dy = array(maps.noise(seed + 1), sizes);
    }

    @Override
    public void run() {
      if (pass != null) {
        pass.close();
      }
      pass = manager().newSubManager();
      leaf = Torch.leaf(x, pass);
      net.weights().forEach(weight -> weight.watch(pass));
      Torch.record(true);
      NDArray y = net.apply(leaf);
      Torch.record(false);
      Torch.backward(y, dy);
      keep(y);
    }

    @Override
    public List<float[]> outputs() {
      List<float[]> outputs = new ArrayList<>(super.outputs());
      outputs.add(leaf.getGradient().toFloatArray());
      net.weights().forEach(weight -> outputs.add(weight.gradient()));
      return outputs;
    }
  }
}
