package org.espalier.sparse.prune;

import java.util.Iterator;
import java.util.stream.IntStream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Step;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Gives noise pictures {@code [side, side, 3]} of five classes; a class brightens one corner of
 * colours.
 *
 * @param count batches an epoch
 * @param size samples a batch
 * @param side height and width
 */
public record TestData(int count, int size, int side) implements Batches {
  @Override
  public int samples() {
    return count * size;
  }

  @Override
  public Iterator<Batch> epoch(int epoch, int firstStep) {
    return IntStream.range(firstStep, count).mapToObj(this::batch).iterator();
  }

  public Batch batch(int number) {
    Tensor x = TestNet.sample(number, size, side, side, 3);
    int[] classes = new int[size];
    for (int i = 0; i < size; i++) {
      classes[i] = (i + number) % 5;
      for (int e = x.count() / size * i; e < x.count() / size * (i + 1); e++) {
        x.set(e, x.get(e) + (e % 5 == classes[i] ? 1 : 0));
      }
    }
    return new Batch(x, Tensor.indices(classes));
  }

  /** Takes one step by hand and returns the loss. */
  public static double step(
      Module model, Optimizer optimizer, Batch batch, DType dtype, long number) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(number))) {
      Var output = model.apply(pass, pass.input(batch.x().to(dtype)));
      Var loss = Losses.crossEntropy(output, pass.input(batch.y()));
      Gradients gradients = Walk.gradient(loss);
      double value = loss.value().item();
      optimizer.step(Step.of(pass.tape(), gradients));
      return value;
    }
  }
}
