package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** One batch through a model that does not train, by either engine. */
final class Inference {
  private Inference() {}

  /** Our side. */
  static final class Ours implements Side {
    private final Workspace workspace = new Workspace();
    private final Module model;
    private final Tensor x;
    private Pass pass;
    private Var y;

    Ours(Module model, float[] images, int batch, Shape image) {
      this.model = model;
      this.x = Nets.channelsLast(images, batch, image);
    }

    @Override
    public void run() {
      close();
      pass = Pass.infer(workspace);
      y = model.apply(pass, pass.input(x));
    }

    @Override
    public List<float[]> outputs() {
      return List.of(y.value().f32().clone());
    }

    @Override
    public void close() {
      if (pass != null) {
        pass.close();
      }
    }
  }

  /** The side of libtorch. */
  static final class Libtorch extends Torch.TorchSide {
    private final TorchNet net;
    private final NDArray x;
    private NDManager pass;

    Libtorch(Module model, float[] images, int batch, Shape image) {
      net = new TorchNet(model, false, manager());
      x = array(images, Nets.channelsFirst(batch, image));
    }

    @Override
    public void run() {
      if (pass != null) {
        pass.close();
      }
      pass = manager().newSubManager();
      Torch.record(false);
      keep(net.apply(Torch.detached(x, pass)));
    }
  }
}
