package org.espalier.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Batch;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Follows one batch through the house; {@code docs/follow-one-batch.md} quotes the regions. */
class FollowOneBatchTest {
  @TempDir Path folder;

  @Test
  void oneBatchThroughTheHouse() throws Exception {
    // region: batch
    Loader loader = Loader.of(Shapes.training(7, 2)).batchSize(2).build();
    Batch batch = loader.epoch(0, 0).next(); // x [2, 32, 32, 3], y [2]
    // end region
    assertEquals(Shape.of(2, 32, 32, 3), batch.x().shape());

    // region: model
    ConvConfig same = ConvConfig.kernel(3).withPadding(1).withoutBias();
    Module branch =
        Sequential.builder()
            .add("conv1", new Conv2d(8, 12, same))
            .add("bn1", new BatchNorm(12))
            .add("relu", Activation.relu())
            .add("conv2", new Conv2d(12, 8, same))
            .add("bn2", new BatchNorm(8))
            .build();
    Module model =
        Sequential.builder()
            .add("stem", new Conv2d(3, 8, same))
            .add("block", new Residual(branch))
            .add("relu", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("head", new Linear(8, 10))
            .build();
    model.initialize(1);
    Parameter stem = model.parameter("stem.weight");
    stem.attach(new FixedMask(Tensor.full(DType.F32, stem.shape(), 1)));
    // end region

    // region: pass
    Workspace workspace = new Workspace();
    Pass pass = Pass.train(workspace, Random.of(1).at(0, 0));
    Var x = pass.input(batch.x());
    Var logits = model.apply(pass, x);
    Var loss = new CrossEntropy().of(pass, logits, batch.y());
    // end region

    // region: tape
    StringBuilder tape = new StringBuilder();
    for (Call call : pass.tape().calls()) {
      tape.append(
          "%-20s %-22s %-16s %,9d MACs%n"
              .formatted(
                  call.scope(),
                  call.op().name(),
                  call.output().shape(),
                  call.op().cost(call.axes()).macs()));
    }
    // end region
    List<String> lines = tape.toString().lines().toList();
    assertTrue(lines.get(0).startsWith("stem") && lines.get(0).contains("mul"), lines.get(0));
    assertTrue(lines.get(1).startsWith("stem") && lines.get(1).contains("conv2d"), lines.get(1));
    assertTrue(tape.toString().contains("block.branch.conv2"), tape.toString());

    // region: gradient
    Gradients gradients = Walk.gradient(loss);
    Tensor stemGradient = gradients.of(stem);
    // end region
    assertNotNull(stemGradient);
    assertTrue(norm(stemGradient) > 0 && Double.isFinite(norm(stemGradient)));

    // region: step
    long before = stem.version();
    Sgd.builder().rate(0.1).momentum(0.9).build().step(Step.of(pass.tape(), gradients));
    pass.close(); // every buffer goes back to the workspace
    // end region
    assertEquals(before + 1, stem.version());
    assertTrue(logits.value().buffer().isDetached());

    // region: readers
    Shape sample = Shape.of(32, 32, 3);
    Costs dense = Costs.of(model, sample); // the same signatures, multiplied out
    ChannelGraph graph = ChannelGraph.of(model, sample); // the same signatures, tied together
    ChannelGroup inner = graph.groupOf("block.branch.conv1.weight");
    // end region
    assertEquals(12, inner.size());
    assertTrue(inner.isPrunable());
    assertFalse(graph.groupOf("head.weight").isPrunable());

    // region: cut
    graph.select("block.branch.conv1.weight", 0, 3, 7).silence(); // masked: channels 3 and 7 say 0
    double[] masked = outputs(model, batch);
    inner.cut(Indices.of(12, 3, 7).complement()); // compact: they are gone
    double[] compact = outputs(model, batch);
    // end region
    for (int i = 0; i < masked.length; i++) {
      assertEquals(masked[i], compact[i], 1e-5 * (1 + Math.abs(masked[i])));
    }
    assertTrue(Costs.of(model, sample).macs() < dense.macs());
    assertEquals(
        Shape.of(10, 3, 3, 8),
        model.parameter("block.branch.conv1.weight").slot("momentum").shape());

    // region: save
    Path file = folder.resolve("model.safetensors");
    Checkpoint.save(file, Snapshot.of(model, Map.of()));
    Module loaded = Checkpoint.model(file); // mask, cut widths and all
    // end region
    assertEquals(boxed(compact), boxed(outputs(loaded, batch)));
  }

  private static double[] outputs(Module model, Batch batch) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(batch.x())).value().toDoubles();
    }
  }

  private static List<Double> boxed(double[] values) {
    return java.util.Arrays.stream(values).boxed().toList();
  }

  private static double norm(Tensor tensor) {
    double sum = 0;
    for (double value : tensor.toDoubles()) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }
}
