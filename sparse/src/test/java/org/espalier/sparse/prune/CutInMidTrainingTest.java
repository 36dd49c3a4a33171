package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.optim.Adam;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Prunes softly, cuts for good in the middle of training, and trains on: the cut model goes the way
 * of the one whose zeros are held at full width, momentum included.
 */
class CutInMidTrainingTest {
  private static final Shape SMALL = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(4, 5, 4);
  private static final SoftFilterPruning SOFT = SoftFilterPruning.of(SMALL, 0.4);
  private static final int SOFT_STEPS = 12;

  /** The optimizers of the requirement. */
  enum Method {
    MOMENTUM {
      @Override
      Optimizer optimizer() {
        return Sgd.builder().rate(0.02).momentum(0.9).weightDecay(5e-4).build();
      }
    },
    ADAM {
      @Override
      Optimizer optimizer() {
        return Adam.builder().rate(0.002).build();
      }
    };

    abstract Optimizer optimizer();
  }

  static Stream<Arguments> runs() {
    return Stream.of("resnet8", "wrn-10-0.5")
        .flatMap(
            name ->
                Stream.of(Compact.Mode.values())
                    .flatMap(
                        mode ->
                            Stream.of(Method.values())
                                .map(method -> Arguments.of(name, mode, method))));
  }

  /** Trains with soft pruning after every fourth step. */
  private static Module soft(String name, Optimizer optimizer) {
    Module model = TestModels.lively(Models.byName(name, SMALL, 5), 4).convert(DType.F64);
    for (int step = 0; step < SOFT_STEPS; step++) {
      TestData.step(model, optimizer, DATA.batch(step % 4), DType.F64, step);
      if (step % 4 == 3) {
        SOFT.prune(model, step / 4);
      }
    }
    return model;
  }

  @ParameterizedTest
  @MethodSource("runs")
  void twentyStepsBehindTheCutEqualTheMaskedModels(String name, Compact.Mode mode, Method method) {
    Optimizer optimizer = method.optimizer();
    Module masked = soft(name, optimizer);
    Module compact = soft(name, optimizer);
    HeldZeros.attach(masked, SMALL, mode);
    CompactReport report = Compact.extract(compact, SMALL, mode, MaskPolicy.MASK_WITH_BN);
    assertTrue(report.macsAfter() < 0.8 * report.macsBefore(), report.toString());

    for (int step = SOFT_STEPS; step < SOFT_STEPS + 20; step++) {
      double loss = TestData.step(masked, optimizer, DATA.batch(step % 4), DType.F64, step);
      assertEquals(
          loss,
          TestData.step(compact, optimizer, DATA.batch(step % 4), DType.F64, step),
          1e-5 * loss);
    }

    HeldZeros.fold(masked);
    Compact.extract(masked, SMALL, mode, MaskPolicy.MASK_WITH_BN);
    assertEquals(masked.state().keySet(), compact.state().keySet());
    compact.state().forEach((path, parameter) -> assertSame(masked.parameter(path), parameter));
  }

  private static void assertSame(Parameter expected, Parameter actual) {
    TestModels.assertClose(expected.value(), actual.value());
    assertEquals(expected.slots().keySet(), actual.slots().keySet(), actual.name());
    assertTrue(actual.isBuffer() || !actual.slots().isEmpty(), actual.name() + " has slots");
    expected
        .slots()
        .forEach(
            (slot, state) ->
                TestModels.assertClose(state.tensor(), actual.slots().get(slot).tensor()));
  }

  /** Prunes softly for three epochs, acts on the model once, and counts the steps after that. */
  private static final class ActOnce implements Callback {
    private final Consumer<Module> action;
    private int steps;

    ActOnce(Consumer<Module> action) {
      this.action = action;
    }

    @Override
    public String name() {
      return "act once";
    }

    @Override
    public void epochDone(Epoch epoch) {
      if (epoch.index() < 3) {
        SOFT.prune(epoch.model(), epoch.index());
      }
      if (epoch.index() == 2) {
        action.accept(epoch.model());
      }
    }

    @Override
    public void stepDone(Step step) {
      if (step.epoch() > 2) {
        steps++;
      }
    }
  }

  private static List<Double> losses(Method method, ActOnce callback) {
    Module model = TestModels.lively(Models.byName("resnet8", SMALL, 5), 4);
    List<Double> losses = new ArrayList<>();
    Trainer.builder(model, new CrossEntropy(), method.optimizer(), DATA)
        .epochs(8)
        .callback(callback)
        .log(
            entry -> {
              if (entry.get("train_loss") instanceof Double loss) {
                losses.add(loss);
              }
            })
        .build()
        .run();
    assertEquals(20, callback.steps);
    return losses;
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aTrainersRunGoesOnBehindACallbacksCut(Method method) {
    Compact.Mode mode = Compact.Mode.STREAM_FULL;
    List<Double> masked =
        losses(method, new ActOnce(model -> HeldZeros.attach(model, SMALL, mode)));
    List<Double> compact =
        losses(
            method,
            new ActOnce(model -> Compact.extract(model, SMALL, mode, MaskPolicy.MASK_WITH_BN)));
    assertEquals(8, masked.size());
    for (int epoch = 0; epoch < 8; epoch++) {
      assertEquals(masked.get(epoch), compact.get(epoch), 1e-5 * masked.get(epoch));
    }
  }
}
