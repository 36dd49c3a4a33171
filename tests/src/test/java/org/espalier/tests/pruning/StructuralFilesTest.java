package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.LeNet;
import org.espalier.sparse.decomposition.CpDecomposition;
import org.espalier.sparse.decomposition.GroupedDecomposition;
import org.espalier.sparse.decomposition.LayerDecomposition;
import org.espalier.sparse.decomposition.ModelDecomposition;
import org.espalier.sparse.decomposition.Rank;
import org.espalier.sparse.decomposition.SeparableDecomposition;
import org.espalier.sparse.decomposition.SvdDecomposition;
import org.espalier.sparse.decomposition.TuckerDecomposition;
import org.espalier.sparse.sharing.HashedWeights;
import org.espalier.sparse.sharing.WeightClustering;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saves decomposed networks and such of shared weights to files (survey, invariant 20). */
class StructuralFilesTest {
  /** The header of a file: the architecture as text, names and shapes. */
  private static final long HEADER = 12_000;

  @TempDir private Path folder;

  private static Module net() {
    return LeNet.caffe(28, 28, 1, 10).initialize(1);
  }

  private static Tensor answers(Module model) {
    Tensor x = Tensor.zeros(DType.F32, Shape.of(2, 28, 28, 1));
    Random random = Random.of(3);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, random.normal(i));
    }
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  /** Saves, loads, compares bits, and returns the bytes of the file. */
  private long bytes(Module model) throws IOException {
    Path file = folder.resolve("model.safetensors");
    Checkpoint.save(file, Snapshot.of(model, Map.of()));
    assertTrue(answers(model).bitEquals(answers(Checkpoint.model(file))));
    return Files.size(file);
  }

  @Test
  void sharedWeightsTakeTheBitsOfTheirCodes() throws IOException {
    Module model = net();
    long dense = bytes(model);
    long bits = 0;
    for (Parameter weight : model.parameters()) {
      if (weight.shape().rank() > 1) {
        bits += WeightClustering.attach(weight, 16).sizeBits();
      } else {
        bits += 32L * weight.shape().count();
      }
    }
    long shared = bytes(model);
    assertTrue(shared <= bits / 8 + HEADER, shared + " bytes, " + bits + " bits");
    assertTrue(shared < dense / 7, shared + " of " + dense);
  }

  @Test
  void hashedWeightsTakeTheirValuesOnly() throws IOException {
    Module model = net();
    long dense = bytes(model);
    HashedWeights.attach(model.parameter("fc1.weight"), 4000, 7);
    long saved = 4L * (800 * 500 - 4000);
    assertEquals(dense - saved, bytes(model), HEADER);
  }

  @Test
  void decomposedNetworksComeBackFromFiles() throws IOException {
    long dense = bytes(net());
    List<LayerDecomposition> methods =
        List.of(
            new SvdDecomposition(new Rank.Energy(0.5)),
            new TuckerDecomposition(new Rank.Share(0.5)),
            new CpDecomposition(new Rank.Share(0.2), 2, 0, 1e-12, 0),
            new SeparableDecomposition(2),
            new GroupedDecomposition(10));
    for (LayerDecomposition method : methods) {
      Module model = net();
      ModelDecomposition.decompose(
          model, method, (path, layer) -> path.equals("conv2") || path.equals("fc1"));
      assertTrue(bytes(model) < dense, method.name());
    }
  }
}
