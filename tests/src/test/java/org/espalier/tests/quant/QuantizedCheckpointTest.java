package org.espalier.tests.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.lowrank.LowRank;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Saves quantised networks to files, masked and low-rank ones too, and reads them to the bit. */
class QuantizedCheckpointTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final String MASKED = "layer1.0.branch.conv1.weight";
  private static final String FACTORED = "layer2.0.branch.conv1.weight";

  /**
   * Is a technique.
   *
   * @param name the name for messages
   * @param training makes the callback
   */
  private record Case(String name, Function<Shape, QuantizationAwareTraining> training) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("int8", QuantizationAwareTraining::int8),
        new Case("lsq", shape -> QuantizationAwareTraining.lsq(shape, 3)),
        new Case("binaryconnect", s -> QuantizationAwareTraining.binaryConnect(s, true)),
        new Case("bnn", QuantizationAwareTraining::bnn),
        new Case("bwn", QuantizationAwareTraining::binaryWeights),
        new Case("xnor", s -> QuantizationAwareTraining.xnor(s, true)),
        new Case("dorefa", s -> QuantizationAwareTraining.dorefa(s, 2, 3, 4)),
        new Case("twn", QuantizationAwareTraining::twn),
        new Case("ttq", QuantizationAwareTraining::ttq));
  }

  private static Tensor x() {
    Tensor x = Tensor.zeros(2, 8, 8, 3);
    Init.normal(0, 1).fill(x, Random.of(4).stream("x"));
    return x;
  }

  private static Tensor infer(Module model) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x())).value().copy();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void quantizedNetworksComeBackFromFiles(Case one, @TempDir Path folder) throws IOException {
    Module model = ResNet.cifar(8, 3, 10, ResNet.Shortcut.OPTION_B, false).initialize(1);
    long macs = Costs.of(model, IMAGE).macs();
    Parameter masked = model.parameter(MASKED);
    Tensor mask = Tensor.full(DType.F32, masked.shape(), 1);
    mask.set(5, 0);
    masked.attach(new FixedMask(mask));
    LowRank.attach(model.parameter(FACTORED), 4);
    one.training().apply(IMAGE).attach(model);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      model.apply(pass, pass.input(x()));
    }
    Tensor before = infer(model);
    Path file = folder.resolve("model.safetensors");
    Checkpoint.save(file, Snapshot.of(model, Map.of()));
    Module loaded = Checkpoint.model(file);
    assertEquals(model.spec(), loaded.spec());
    assertEquals(model.state().keySet(), loaded.state().keySet());
    assertTrue(before.bitEquals(infer(loaded)), one.name());
    assertEquals(macs, Costs.of(loaded, IMAGE).macs());
  }
}
