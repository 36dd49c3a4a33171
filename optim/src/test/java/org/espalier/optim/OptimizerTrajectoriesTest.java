package org.espalier.optim;

import static org.espalier.optim.GivenGradients.parameter;
import static org.espalier.optim.GivenGradients.step;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.junit.jupiter.api.Test;

/** Compares two or three steps on one number with the formulas, worked out by hand. */
class OptimizerTrajectoriesTest {
  private static final double TOLERANCE = 1e-12;

  private final Parameter p = parameter("p", DType.F64, 2);

  private double value() {
    return p.raw().get(0);
  }

  @Test
  void sgdGoesAlongTheGradientAndTheDecay() {
    Optimizer sgd = Sgd.builder().rate(0.1).weightDecay(0.5).build();
    step(sgd, p, 3);
    assertEquals(2 - 0.1 * (3 + 0.5 * 2), value(), TOLERANCE);
  }

  @Test
  void sgdDoesNotDampenTheFirstStep() {
    Optimizer sgd = Sgd.builder().rate(0.1).momentum(0.9).dampening(0.5).build();
    step(sgd, p, 3);
    assertEquals(2 - 0.3, value(), TOLERANCE);
    step(sgd, p, 1);
    assertEquals(1.7 - 0.1 * (0.9 * 3 + 0.5 * 1), value(), TOLERANCE);
  }

  @Test
  void sgdLooksAheadWithNesterov() {
    Optimizer sgd = Sgd.builder().rate(0.1).momentum(0.9).nesterov(true).build();
    step(sgd, p, 3);
    assertEquals(2 - 0.1 * (3 + 0.9 * 3), value(), TOLERANCE);
  }

  @Test
  void sgdAppliesANewRateToTheWholeBufferAndKerasSgdOnlyToTheNewGradient() {
    Parameter q = parameter("q", DType.F64, 2);
    Optimizer sgd = Sgd.builder().rate(1).momentum(0.5).build();
    Optimizer keras = KerasSgd.builder().rate(1).momentum(0.5).build();
    step(sgd, 1, p, 4);
    step(keras, 1, q, 4);
    step(sgd, 0.1, p, 0);
    step(keras, 0.1, q, 0);
    assertEquals(2 - 4 - 0.1 * 2, value(), TOLERANCE);
    assertEquals(2 - 4 - 2, q.raw().get(0), TOLERANCE);
  }

  @Test
  void kerasSgdDecaysFromTheSecondStep() {
    Optimizer keras = KerasSgd.builder().rate(1).decay(3).build();
    step(keras, p, 1);
    step(keras, p, 1);
    assertEquals(2 - 1 - 1.0 / 4, value(), TOLERANCE);
  }

  @Test
  void adamCorrectsItsMoments() {
    Optimizer adam = Adam.builder().rate(0.1).betas(0.5, 0.75).epsilon(0.25).build();
    step(adam, p, 3);
    assertEquals(2 - 0.1 * 3 / (3 + 0.25), value(), TOLERANCE);
    double before = value();
    step(adam, p, 1);
    double mean = (0.5 * 1.5 + 0.5) / (1 - 0.25);
    double square = (0.75 * 0.25 * 9 + 0.25) / (1 - 0.75 * 0.75);
    assertEquals(before - 0.1 * mean / (Math.sqrt(square) + 0.25), value(), TOLERANCE);
  }

  @Test
  void amsgradKeepsTheLargestSquare() {
    Optimizer adam = Adam.builder().rate(0.1).betas(0, 0.5).epsilon(0).amsgrad(true).build();
    step(adam, p, 4);
    double before = value();
    step(adam, p, 0.5);
    // v: 8, then 4.125; the largest stays 8 and is corrected by the second step's 1 - 0.25
    assertEquals(before - 0.1 * 0.5 / (Math.sqrt(8) / Math.sqrt(0.75)), value(), TOLERANCE);
  }

  @Test
  void adamWShrinksTheWeightBeforeItsStep() {
    Optimizer adamW = AdamW.builder().rate(0.1).weightDecay(0.5).epsilon(0).build();
    step(adamW, p, 3);
    assertEquals(2 * (1 - 0.1 * 0.5) - 0.1, value(), TOLERANCE);
  }

  @Test
  void kerasAdamAddsEpsilonToTheUncorrectedRoot() {
    Optimizer keras = KerasAdam.builder().rate(0.1).betas(0.5, 0.75).epsilon(0.25).build();
    step(keras, p, 3);
    double root = Math.sqrt(0.25 * 9);
    assertEquals(2 - 0.1 * 0.5 / 0.5 * 1.5 / (root + 0.25), value(), TOLERANCE);
  }

  @Test
  void adadeltaUsesTheOldChange() {
    Optimizer adadelta = Adadelta.builder().rho(0.5).epsilon(0.01).build();
    step(adadelta, p, 3);
    double change = 3 * Math.sqrt(0.01) / Math.sqrt(4.5 + 0.01);
    assertEquals(2 - change, value(), TOLERANCE);
    step(adadelta, p, 1);
    double second = Math.sqrt(0.5 * change * change + 0.01) / Math.sqrt(0.5 * 4.5 + 0.5 + 0.01);
    assertEquals(2 - change - second, value(), TOLERANCE);
  }

  @Test
  void rmsPropAddsEpsilonInsideOrOutside() {
    Parameter q = parameter("q", DType.F64, 2);
    step(RmsProp.builder().rate(0.1).alpha(0.75).epsilon(0.5).build(), p, 2);
    step(RmsProp.keras(EpsPlacement.INSIDE_ROOT).rate(0.1).alpha(0.75).epsilon(0.5).build(), q, 2);
    assertEquals(2 - 0.1 * 2 / (1 + 0.5), value(), TOLERANCE);
    assertEquals(2 - 0.1 * 2 / Math.sqrt(1.5), q.raw().get(0), TOLERANCE);
  }

  @Test
  void rmsPropCentersAndKeepsMomentum() {
    Optimizer rmsProp =
        RmsProp.builder().rate(0.1).alpha(0.5).epsilon(0).centered(true).momentum(0.5).build();
    step(rmsProp, p, 2);
    double move = 2 / Math.sqrt(2 - 1);
    assertEquals(2 - 0.1 * move, value(), TOLERANCE);
    step(rmsProp, p, 1);
    double second = 0.5 * move + 1 / Math.sqrt(1.5 - 1);
    assertEquals(2 - 0.1 * move - 0.1 * second, value(), TOLERANCE);
  }

  @Test
  void adagradSumsSquaresFromItsStart() {
    Optimizer adagrad = Adagrad.builder().rate(0.1).rateDecay(1).initialSum(7).epsilon(0.5).build();
    step(adagrad, p, 3);
    assertEquals(2 - 0.1 * 3 / (4 + 0.5), value(), TOLERANCE);
    double before = value();
    step(adagrad, p, 3);
    assertEquals(before - 0.1 / 2 * 3 / (5 + 0.5), value(), TOLERANCE);
  }
}
