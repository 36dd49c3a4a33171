package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.LayerNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.mask.LearnedMask;
import org.espalier.sparse.mask.StraightThrough;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DeadUnitsTest {
  private static final Shape IMAGE = Shape.of(6, 6, 2);

  private static void mask(Module model, String path, long seed, double open) {
    Random random = Random.of(seed).stream(path);
    Tensor scores = Tensor.zeros(DType.F32, model.parameter(path).shape());
    for (int i = 0; i < scores.count(); i++) {
      scores.set(i, random.uniform(i) < open ? 1 : -1);
    }
    model.parameter(path).attach(new LearnedMask(scores, StraightThrough.IDENTITY));
  }

  private static void assertSame(Tensor before, Tensor after) {
    assertEquals(before.shape(), after.shape());
    double scale = 1;
    for (double y : before.toDoubles()) {
      scale = Math.max(scale, Math.abs(y));
    }
    for (int i = 0; i < before.count(); i++) {
      assertEquals(before.get(i), after.get(i), 1e-5 * scale);
    }
  }

  /** Removes and compares outputs. */
  private static CompactReport remove(Module model, Shape sample) {
    int[] sizes = new int[sample.rank() + 1];
    sizes[0] = 3;
    for (int axis = 0; axis < sample.rank(); axis++) {
      sizes[axis + 1] = sample.size(axis);
    }
    Tensor x = TestNet.sample(11, sizes);
    Tensor before = TestNet.infer(model, x).copy();
    CompactReport report = DeadUnits.remove(model, sample);
    assertSame(before, TestNet.infer(model, x));
    return report;
  }

  @Property(tries = 60)
  void randomMasksOnRandomSizesKeepTheirOutputs(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int in,
      @ForAll @IntRange(min = 1, max = 8) int first,
      @ForAll @IntRange(min = 1, max = 8) int second,
      @ForAll @IntRange(min = 1, max = 8) int out) {
    Module model =
        TestModels.lively(
            Sequential.builder()
                .add("l1", new Linear(in, first))
                .add("act1", Activation.sigmoid())
                .add("l2", new Linear(first, second))
                .add("act2", Activation.relu())
                .add("l3", new Linear(second, out))
                .build(),
            seed);
    for (String layer : new String[] {"l1", "l2", "l3"}) {
      mask(model, layer + ".weight", seed, 0.35);
    }
    try {
      remove(model, Shape.of(in));
      assertEquals(out, model.parameter("l3.weight").shape().size(0));
      assertEquals(in, model.parameter("l1.weight").shape().size(1));
    } catch (StateException constant) {
      assertTrue(constant.getMessage().contains("no connection"), constant.getMessage());
      assertEquals(first, model.parameter("l1.weight").shape().size(0), "nothing was changed");
    }
  }

  private static Module convolutions(int padding, boolean norm) {
    Sequential.Builder net =
        Sequential.builder()
            .add("a", new Conv2d(2, 6, ConvConfig.kernel(3)))
            .add("norm", norm ? new BatchNorm(6) : Activation.relu())
            .add("act", Activation.sigmoid())
            .add("b", new Conv2d(6, 4, ConvConfig.kernel(3).withPadding(padding)))
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(4, 3));
    Module model = TestModels.lively(net.build(), 5);
    Slices.zero(model.parameter("a.weight"), 0, 1, 4);
    return model;
  }

  @Test
  void constantMapsFoldThroughNormAndActivation() {
    Module model = convolutions(0, true);
    CompactReport report = remove(model, IMAGE);
    assertEquals(4, model.parameter("a.weight").shape().size(0));
    assertEquals(4, model.parameter("b.weight").shape().size(3));
    assertTrue(report.macsAfter() < report.macsBefore());
  }

  @Test
  void constantMapsInFrontOfZeroPaddingStay() {
    Module model = convolutions(1, false);
    remove(model, IMAGE);
    assertEquals(6, model.parameter("a.weight").shape().size(0));
  }

  @Test
  void unitsThatNobodyReadsGoAndTakeTheirFeedersWithThem() {
    Module model =
        TestModels.lively(
            Sequential.builder()
                .add("l1", new Linear(3, 4))
                .add("relu1", Activation.relu())
                .add("l2", new Linear(4, 4))
                .add("relu2", Activation.relu())
                .add("l3", new Linear(4, 2))
                .build(),
            7);
    Slices.zero(model.parameter("l3.weight"), 1, 2);
    // Only unit 2 of the second layer reads unit 1 of the first.
    model
        .parameter("l2.weight")
        .update(
            w -> {
              w.set(1, 0);
              w.set(5, 0);
              w.set(13, 0);
            });
    remove(model, Shape.of(3));
    assertEquals(Shape.of(3, 3), model.parameter("l2.weight").shape());
  }

  private static Module block() {
    return TestModels.lively(
        Sequential.builder()
            .add("stem", new Conv2d(2, 4, ConvConfig.kernel(3).withPadding(1)))
            .add(
                "block",
                new Residual(
                    Sequential.builder()
                        .add("c1", new Conv2d(4, 5, ConvConfig.kernel(1)))
                        .add("relu", Activation.relu())
                        .add("c2", new Conv2d(5, 4, ConvConfig.kernel(1)))
                        .build()))
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(4, 2))
            .build(),
        9);
  }

  @Test
  void channelsOfAStreamStayUnlessEverySideIsDead() {
    Module model = block();
    Slices.zero(model.parameter("stem.weight"), 0, 0, 3);
    Slices.zero(model.parameter("block.branch.c2.weight"), 0, 0);
    remove(model, IMAGE);
    assertTrue(model.parameter("stem.weight").shape().size(0) >= 3);
    assertEquals(
        model.parameter("stem.weight").shape().size(0),
        model.parameter("block.branch.c2.weight").shape().size(0));
  }

  @Test
  void aDeadBranchKeepsOneUnitAndTheShortcutKeepsTheModelAlive() {
    Module model = block();
    Slices.zero(model.parameter("block.branch.c1.weight"), 0, 0, 1, 2, 3, 4);
    remove(model, IMAGE);
    assertEquals(1, model.parameter("block.branch.c1.weight").shape().size(0));
  }

  @Test
  void unitsBehindALayerNormStay() {
    Module model =
        TestModels.lively(
            Sequential.builder()
                .add("l1", new Linear(3, 4))
                .add("norm", new LayerNorm(4))
                .add("l2", new Linear(4, 2))
                .build(),
            7);
    Slices.zero(model.parameter("l1.weight"), 0, 1);
    remove(model, Shape.of(3));
    assertEquals(4, model.parameter("l1.weight").shape().size(0));
  }

  @Test
  void aModelWithoutAnyPathIsRefused() {
    Module model = convolutions(0, false);
    Slices.zero(model.parameter("b.weight"), 0, 0, 1, 2, 3);
    TestNets.assertRefused("no connection leads", () -> DeadUnits.remove(model, IMAGE));
    assertEquals(6, model.parameter("a.weight").shape().size(0));
  }
}
