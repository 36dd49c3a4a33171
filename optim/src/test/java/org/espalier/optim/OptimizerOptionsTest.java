package org.espalier.optim;

import static org.espalier.optim.GivenGradients.parameter;
import static org.espalier.optim.GivenGradients.step;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Checks groups, routes, cuts, and the refusal of options out of range. */
class OptimizerOptionsTest {
  private final Parameter p = parameter("p", DType.F64, 1);
  private final Parameter q = parameter("q", DType.F64, 1);

  private void stepBoth(Optimizer optimizer, double rate) {
    Map<Parameter, double[]> gradients = Map.of(p, new double[] {1}, q, new double[] {1});
    optimizer.step(Step.of(null, GivenGradients.of(gradients), base -> base * rate));
  }

  @Test
  void groupsHaveTheirOwnRateDecayAndMomentum() {
    Group group = Group.of(x -> x == q).rate(0.5).weightDecay(0).momentum(0);
    Optimizer sgd = Sgd.builder().rate(0.1).weightDecay(2).momentum(0.9).group(group).build();
    stepBoth(sgd, 1);
    stepBoth(sgd, 0.5);
    double first = 1 - 0.1 * (1 + 2);
    assertEquals(first - 0.05 * (0.9 * 3 + 1 + 2 * first), p.raw().get(0), 1e-12);
    assertEquals(1 - 0.5 - 0.25, q.raw().get(0), 1e-12);
    assertTrue(q.slots().isEmpty());
  }

  @Test
  void theFirstGroupThatHoldsAParameterCounts() {
    Optimizer sgd =
        Sgd.builder().group(Group.of(x -> true).rate(1)).group(Group.of(x -> true).rate(2)).build();
    step(sgd, p, 1);
    assertEquals(0, p.raw().get(0), 1e-12);
  }

  @Test
  void aRouteGivesEachParameterItsRule() {
    Optimizer route =
        Optimizer.route(
            x -> x == q,
            Adam.builder().rate(0.25).epsilon(0).build(),
            Sgd.builder().rate(0.5).momentum(0.1).build());
    stepBoth(route, 1);
    assertEquals(0.5, p.raw().get(0), 1e-12);
    assertEquals(0.75, q.raw().get(0), 1e-12);
    assertEquals(0.5, route.rate());
    assertEquals(1, p.slots().size());
    route.restart(java.util.List.of(p, q));
    assertTrue(p.slots().isEmpty() && q.slots().isEmpty());
  }

  @Test
  void aCutCutsTheSlotsAndTrainingGoesOn() {
    Parameter wide = parameter("w", DType.F32, 1, 2, 3);
    Parameter narrow = parameter("w", DType.F32, 1, 3);
    Optimizer adam = Adam.builder().rate(0.1).amsgrad(true).build();
    step(adam, wide, 1, 5, -2);
    step(adam, narrow, 1, -2);
    wide.cut(1, Indices.of(3, 0, 2));
    step(adam, wide, 0.5, 1);
    step(adam, narrow, 0.5, 1);
    assertTrue(narrow.raw().bitEquals(wide.raw()));
  }

  @Test
  void aSlotOfAnotherShapeIsRefused() {
    p.slot("sgd.momentum", () -> Tensor.zeros(DType.F64, p.shape().with(1, 7)), null);
    Optimizer sgd = Sgd.builder().momentum(0.9).build();
    String message = assertThrows(StateException.class, () -> step(sgd, p, 1)).getMessage();
    assertTrue(message.startsWith("p: slot sgd.momentum is F64[1, 7], the parameter is"), message);
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    refused("sgd: rate must be at least 0, got -1", () -> Sgd.builder().rate(-1));
    refused("sgd: rate must be at least 0, got NaN", () -> Sgd.builder().rate(Double.NaN));
    refused("sgd: weightDecay must be at least 0, got -0.1", () -> Sgd.builder().weightDecay(-0.1));
    refused("sgd: momentum must be at least 0, got NaN", () -> Sgd.builder().momentum(Double.NaN));
    refused("sgd: dampening must be finite, got NaN", () -> Sgd.builder().dampening(Double.NaN));
    refused(
        "adam: beta2 must be at least 0 and below 1, got 1", () -> Adam.builder().betas(0.9, 1));
    refused("adamw: epsilon must be at least 0, got -1", () -> AdamW.builder().epsilon(-1));
    refused("keras_adam: decay must be at least 0, got -1", () -> KerasAdam.builder().decay(-1));
    refused(
        "keras_sgd: decay must be at least 0, got NaN", () -> KerasSgd.builder().decay(Double.NaN));
    refused("adadelta: rho must be at least 0 and below 1, got 1", () -> Adadelta.builder().rho(1));
    refused("adadelta: epsilon must be above 0, got 0", () -> Adadelta.builder().epsilon(0));
    refused(
        "rmsprop: alpha must be at least 0 and below 1, got 2", () -> RmsProp.builder().alpha(2));
    refused(
        "adagrad: initialSum must be at least 0, got -1", () -> Adagrad.builder().initialSum(-1));
    refused("group: rate must be at least 0, got -1", () -> Group.of(x -> true).rate(-1));
  }

  @Test
  void nesterovWithoutMomentumOrWithDampeningIsRefused() {
    refused(
        "sgd: nesterov needs momentum above 0 and dampening 0, got momentum 0.0 and dampening 0.0",
        () -> Sgd.builder().nesterov(true).build());
    refused(
        "sgd: nesterov needs momentum above 0 and dampening 0, got momentum 0.9 and dampening 0.1",
        () -> Sgd.builder().momentum(0.9).dampening(0.1).nesterov(true).build());
  }

  @Test
  void aSettingThatTheRuleDoesNotHaveIsRefused() {
    refused(
        "keras_sgd: this rule has no weight decay; add a penalty to the loss instead",
        () -> KerasSgd.builder().weightDecay(0.1));
    refused(
        "adam: a group sets a momentum, this rule has none",
        () -> Adam.builder().group(Group.of(x -> true).momentum(0.9)));
  }

  @Test
  void aRateThatIsNoNumberIsRefusedBeforeAnythingChanges() {
    Optimizer sgd = Sgd.builder().build();
    refused("sgd: rate must be at least 0, got NaN", () -> step(sgd, Double.NaN, p, 1));
    assertEquals(1, p.raw().get(0));
  }
}
