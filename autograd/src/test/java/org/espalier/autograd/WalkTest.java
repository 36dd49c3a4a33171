package org.espalier.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.autograd.op.BatchNorm;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Normalizations;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class WalkTest {
  private final Workspace workspace = Workspace.poisoned();

  /** A leaf whose version the test turns. */
  private static final class Counter implements Leaf {
    private final String name;
    private long version;

    Counter(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public long version() {
      return version;
    }
  }

  private static Tensor normal(String name, int... sizes) {
    Tensor tensor = Tensor.zeros(sizes);
    Random random = Random.of(1).stream(name);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.normal(i));
    }
    return tensor;
  }

  private static Var sum(Var x) {
    return Ops.reduce(org.espalier.tensor.kernel.Reduction.SUM, x, "... ->");
  }

  @Test
  void usesOfOneValueAddUp() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(Tensor.of(Shape.of(2), 3f, -5f), true);
      Var shared = Ops.affine(x, 2, 0);
      Var y = sum(Ops.add(Ops.add(shared, shared), Ops.mul(shared, x)));
      Tensor gradient = Walk.gradient(y).of(x);
      // y = 4x + 2x²
      assertEquals(4 + 4 * 3, gradient.get(0));
      assertEquals(4 + 4 * -5, gradient.get(1));
    }
  }

  @Test
  void oneInputUsedTwiceByACallGetsBothGradients() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(Tensor.of(Shape.of(1), 3f), true);
      assertEquals(6, Walk.gradient(Ops.mul(x, x)).of(x).get(0));
      assertEquals(2, Walk.gradient(Ops.add(x, x)).of(x).get(0));
      assertEquals(0, Walk.gradient(Ops.sub(x, x)).of(x).get(0));
    }
  }

  @Test
  void aSharedUpstreamIsNotOverwritten() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(Tensor.of(Shape.of(1, 1, 1, 2), 1f, 2f), true);
      Var kept = Ops.affine(x, 1, 0);
      tape.watch("kept", kept);
      Var flat = Ops.flatten(kept);
      Var y = sum(Ops.add(Ops.add(flat, flat), Ops.flatten(x)));
      Gradients gradients = Walk.gradient(y);
      assertEquals(2, gradients.ofKey("kept").get(0));
      assertEquals(3, gradients.of(x).get(1));
    }
  }

  @Test
  void theSeedIsNotModifiedAndMayBeWalkedTwice() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(normal("x", 4), true);
      Var y = Ops.tanh(x);
      Tensor seed = Tensor.full(DType.F32, Shape.of(4), 1);
      Tensor first = Walk.run(y, seed, Rule.GRADIENT).of(x).copy();
      Tensor second = Walk.run(y, seed, Rule.GRADIENT).of(x);
      assertTrue(first.bitEquals(second));
      assertEquals(1, seed.get(3));
    }
  }

  @Test
  void aGradientThatEqualsTheSeedIsACopyOfIt() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(normal("x", 4), true);
      Var z = tape.input(normal("z", 4), true);
      Tensor seed = Tensor.full(DType.F32, Shape.of(4), 1);
      Gradients gradients = Walk.run(Ops.add(x, z), seed, Rule.GRADIENT);
      gradients.of(x).fill(7);
      assertEquals(1, seed.get(0));
      assertEquals(1, gradients.of(z).get(0));
    }
  }

  @Test
  void aValueOfThePassMayBeTheSeed() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(normal("x", 4), true);
      Var y = Ops.tanh(x);
      Tensor before = y.value().copy();
      Tensor first = Walk.run(y, y.value(), Rule.GRADIENT).of(x).copy();
      Tensor second = Walk.run(y, y.value(), Rule.GRADIENT).of(x);
      assertTrue(first.bitEquals(second));
      assertTrue(before.bitEquals(y.value()));
    }
  }

  @Test
  void aLeafChangedSinceIsRefused() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Counter leaf = new Counter("conv1.weight");
      leaf.version = 7;
      Var x = tape.input(normal("x", 1), true);
      tape.watch(leaf, x);
      Var y = Ops.tanh(x);
      leaf.version = 8;
      StateException refused = assertThrows(StateException.class, () -> Walk.gradient(y));
      assertEquals(
          "conv1.weight was changed after this pass was recorded (version 7, now 8); run the pass"
              + " again",
          refused.getMessage());
    }
  }

  @Test
  void whatHasNoGradientIsRefused() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(normal("x", 2), true);
      assertThrows(StateException.class, () -> Walk.gradient(Ops.tanh(x)));
      Var constant = Ops.tanh(tape.constant(normal("c", 1)));
      assertThrows(StateException.class, () -> Walk.gradient(constant));
      Var outside = Var.constant(normal("c", 1));
      assertThrows(StateException.class, () -> Walk.run(outside, outside.value(), Rule.GRADIENT));
    }
  }

  @Test
  void constantsAndUnreachedInputsGetNothing() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(normal("x", 1), true);
      Var constant = tape.constant(normal("c", 1));
      Var unreached = tape.input(normal("u", 1), true);
      Ops.tanh(unreached);
      Gradients gradients = Walk.gradient(Ops.mul(x, constant));
      assertNull(gradients.of(constant));
      assertNull(gradients.of(unreached));
      assertEquals(constant.value().get(0), gradients.of(x).get(0));
    }
  }

  @Test
  void gradientsOutliveThePassAsCopiesAndAddUp() {
    Counter leaf = new Counter("w");
    Counter rare = new Counter("rare");
    Gradients first = gradients(leaf, null, 2);
    Gradients second = gradients(leaf, rare, 5);
    Gradients sum = first.plus(second);
    assertEquals(7, sum.of(leaf).get(0));
    assertEquals(5, sum.of(rare).get(0));
    assertEquals(2, first.of(leaf).get(0));
    assertEquals(2, sum.byLeaf().size());
  }

  private Gradients gradients(Leaf leaf, Leaf other, double factor) {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(Tensor.scalar(3), true);
      tape.watch(leaf, x);
      Var y = Ops.affine(x, factor, 0);
      if (other != null) {
        Var z = tape.input(Tensor.scalar(4), true);
        tape.watch(other, z);
        y = Ops.add(y, Ops.affine(z, factor, 0));
      }
      return Walk.gradient(y).copy();
    }
  }

  @Test
  void aSteadyTrainingStepTakesNoNewArrays() {
    Workspace pool = new Workspace();
    double first = step(pool);
    step(pool);
    long made = pool.bytesMade();
    double last = 0;
    for (int i = 0; i < 5; i++) {
      last = step(pool);
    }
    assertEquals(made, pool.bytesMade());
    assertEquals(first, last);
    assertTrue(made > 0);
  }

  @Test
  void theWalkGivesItsGradientsBackAsItGoes() {
    Workspace pool = new Workspace();
    try (Tape tape = Tape.open(Mode.TRAIN, pool)) {
      Var y = tape.input(normal("x", 1000), true);
      for (int i = 0; i < 50; i++) {
        Var next = Ops.tanh(y);
        y = next;
      }
      Var loss = sum(y);
      long before = pool.bytesMade();
      Walk.gradient(loss);
      // Upstream, its successor, and the loss's one number: not fifty gradients.
      assertTrue(pool.bytesMade() - before <= 3 * 4000, "made " + (pool.bytesMade() - before));
    }
  }

  /**
   * Runs a residual net with batch norm, dropout, pooling, flatten and a loss; returns the loss.
   */
  private static double step(Workspace pool) {
    try (Tape tape = Tape.open(Mode.TRAIN, pool)) {
      ConvOptions same = ConvOptions.DEFAULT.withPadding(1);
      Var x = tape.constant(normal("x", 2, 6, 6, 3));
      Var stem = Ops.conv2d(x, leaf(tape, "stem", 4, 3, 3, 3), leaf(tape, "b", 4), same);
      Var body =
          Normalizations.batchNorm(stem, leaf(tape, "gamma", 4), leaf(tape, "beta", 4), 1e-5);
      Var active = Ops.relu(body);
      tape.release(body);
      Var dropped = Ops.dropout(active, 0.3, 17);
      tape.release(active);
      Var branch = Ops.conv2d(dropped, leaf(tape, "conv", 4, 3, 3, 4), null, same);
      tape.release(dropped);
      Var joined = Ops.concat(-1, Ops.add(stem, branch), Ops.prelu(stem, leaf(tape, "p", 4)));
      tape.release(branch);
      Var pooled =
          Ops.maxPool2d(joined, org.espalier.autograd.op.PoolOptions.kernel(3).withStride(2));
      tape.release(joined);
      Var logits = Ops.linear(Ops.flatten(pooled), leaf(tape, "head", 5, 32), null);
      Var targets = tape.constant(Tensor.indices(1, 4));
      Var loss = Losses.crossEntropy(logits, targets, null, -100, 0.1, LossReduction.MEAN);
      Gradients gradients = Walk.gradient(loss);
      Tensor saved = findNorm(tape).saved(BatchNorm.MEAN);
      double result = loss.value().item() + saved.get(0);
      for (Var watched : tape.watched().values().stream().map(Tape.Watched::var).toList()) {
        result += gradients.of(watched).get(0);
      }
      return result;
    }
  }

  private static Call findNorm(Tape tape) {
    return tape.calls().stream().filter(call -> call.op() instanceof BatchNorm).findAny().get();
  }

  private static Var leaf(Tape tape, String name, int... sizes) {
    Var leaf = tape.input(normal(name, sizes), true);
    tape.watch(new Counter(name), leaf);
    return leaf;
  }
}
