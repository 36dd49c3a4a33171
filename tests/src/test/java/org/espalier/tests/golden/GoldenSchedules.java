package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.optim.Goal;
import org.espalier.optim.KerasReduceOnPlateau;
import org.espalier.optim.Plateau;
import org.espalier.optim.ReduceOnPlateau;
import org.espalier.optim.Schedule;

/** Makes the schedule that a golden case describes. */
final class GoldenSchedules {
  private GoldenSchedules() {}

  static Schedule of(Map<String, Object> inputs) {
    String op = (String) inputs.get("op");
    return switch (op) {
      case "constant" -> Schedule.constant();
      case "multi_step" ->
          Schedule.multiStep(number(inputs, "gamma"), integers(inputs, "milestones"));
      case "wrn_epoch_step" ->
          Schedule.wideResNet(
              true, number(inputs, "ratio"), integers(inputs, "epoch_step_one_based"));
      case "step" -> Schedule.step(integer(inputs, "step_size"), number(inputs, "gamma"));
      case "exponential" -> Schedule.exponential(number(inputs, "gamma"));
      case "cosine" -> Schedule.cosine(integer(inputs, "t_max"), number(inputs, "eta_min"));
      case "cosine_warm_restarts" ->
          Schedule.cosineWarmRestarts(
              integer(inputs, "t_0"), integer(inputs, "t_mult"), number(inputs, "eta_min"));
      case "linear" ->
          Schedule.linear(
              number(inputs, "start_factor"),
              number(inputs, "end_factor"),
              integer(inputs, "total_iters"));
      case "polynomial" ->
          Schedule.polynomial(integer(inputs, "total_iters"), number(inputs, "power"));
      case "warmup_cosine_closed" ->
          Schedule.warmupCosine(
              integer(inputs, "warmup_epochs"),
              integer(inputs, "total_epochs"),
              number(inputs, "eta_min"));
      case "inverse_time" -> Schedule.inverseTime(number(inputs, "decay"));
      case "sequential" -> inTurn(inputs);
      case "plateau" -> plateau(inputs);
      case "keras_plateau" -> kerasPlateau(inputs);
      default -> throw new AssertionError("no schedule '" + op + "'");
    };
  }

  private static Schedule inTurn(Map<String, Object> inputs) {
    List<Schedule> parts = new ArrayList<>();
    GoldenCase.list(inputs.get("parts")).forEach(part -> parts.add(of(GoldenCase.map(part))));
    return Schedule.sequential(parts, integers(inputs, "milestones"));
  }

  private static Plateau plateau(Map<String, Object> inputs) {
    return ReduceOnPlateau.builder()
        .goal(goal(inputs))
        .factor(number(inputs, "factor"))
        .patience(integer(inputs, "patience"))
        .threshold(number(inputs, "threshold"))
        .absolute("abs".equals(inputs.get("threshold_mode")))
        .cooldown(integer(inputs, "cooldown"))
        .leastRate(number(inputs, "min_lr"))
        .leastChange(number(inputs, "eps"))
        .build();
  }

  private static Plateau kerasPlateau(Map<String, Object> inputs) {
    return KerasReduceOnPlateau.builder()
        .goal(goal(inputs))
        .factor(number(inputs, "factor"))
        .patience(integer(inputs, "patience"))
        .threshold(number(inputs, "min_delta"))
        .cooldown(integer(inputs, "cooldown"))
        .leastRate(number(inputs, "min_lr"))
        .build();
  }

  private static Goal goal(Map<String, Object> inputs) {
    return "max".equals(inputs.get("mode")) ? Goal.MAXIMIZE : Goal.MINIMIZE;
  }

  static double number(Map<String, Object> inputs, String key) {
    return ((Number) inputs.get(key)).doubleValue();
  }

  private static int integer(Map<String, Object> inputs, String key) {
    return Math.toIntExact((Long) inputs.get(key));
  }

  private static int[] integers(Map<String, Object> inputs, String key) {
    return GoldenCase.list(inputs.get(key)).stream()
        .mapToInt(value -> Math.toIntExact((Long) value))
        .toArray();
  }
}
