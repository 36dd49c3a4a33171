package org.espalier.tests.golden;

import java.util.Map;
import org.espalier.nn.Parameter;
import org.espalier.optim.Adadelta;
import org.espalier.optim.Adagrad;
import org.espalier.optim.Adam;
import org.espalier.optim.AdamW;
import org.espalier.optim.EpsPlacement;
import org.espalier.optim.Group;
import org.espalier.optim.KerasAdam;
import org.espalier.optim.KerasSgd;
import org.espalier.optim.Optimizer;
import org.espalier.optim.RmsProp;
import org.espalier.optim.Sgd;

/** Makes the optimizer that a golden case describes. */
final class GoldenOptimizers {
  private GoldenOptimizers() {}

  static Optimizer of(GoldenCase golden) {
    return switch (golden.text("op")) {
      case "sgd" -> sgd(golden).build();
      case "sgd_param_groups" -> groups(golden);
      case "adam" -> adam(golden);
      case "adamw" -> adamW(golden);
      case "adadelta", "keras_adadelta" -> adadelta(golden);
      case "rmsprop", "keras_rmsprop" -> rmsProp(golden);
      case "adagrad" -> adagrad(golden);
      case "keras_sgd" ->
          KerasSgd.builder()
              .rate(golden.number("lr"))
              .momentum(golden.number("momentum", 0))
              .decay(golden.number("decay", 0))
              .nesterov(golden.flag("nesterov", false))
              .build();
      case "keras_adam" ->
          KerasAdam.builder()
              .rate(golden.number("lr"))
              .betas(golden.number("beta_1", 0.9), golden.number("beta_2", 0.999))
              .epsilon(golden.number("epsilon", 1e-7))
              .decay(golden.number("decay", 0))
              .build();
      default -> throw new AssertionError(golden + ": no optimizer '" + golden.text("op") + "'");
    };
  }

  private static Sgd.Builder sgd(GoldenCase golden) {
    Sgd.Builder builder =
        Sgd.builder()
            .rate(golden.number("lr", 0.001))
            .momentum(golden.number("momentum", 0))
            .dampening(golden.number("dampening", 0))
            .weightDecay(golden.number("weight_decay", 0))
            .nesterov(golden.flag("nesterov", false));
    return golden.flag("maximize", false) ? builder.maximize() : builder;
  }

  /** Puts parameter {@code pK} into group K. */
  private static Optimizer groups(GoldenCase golden) {
    Sgd.Builder builder = sgd(golden);
    for (int k = 0; golden.has("group" + k); k++) {
      Map<String, Object> options = GoldenCase.map(golden.inputs().get("group" + k));
      String member = "p" + k;
      Group group = Group.of((Parameter parameter) -> parameter.name().equals(member));
      group = options.containsKey("lr") ? group.rate(number(options, "lr")) : group;
      group =
          options.containsKey("weight_decay")
              ? group.weightDecay(number(options, "weight_decay"))
              : group;
      group = options.containsKey("momentum") ? group.momentum(number(options, "momentum")) : group;
      builder.group(group);
    }
    return builder.build();
  }

  private static double number(Map<String, Object> options, String key) {
    return ((Number) options.get(key)).doubleValue();
  }

  private static double beta(GoldenCase golden, int index) {
    return golden.has("betas")
        ? ((Number) GoldenCase.list(golden.inputs().get("betas")).get(index)).doubleValue()
        : index == 0 ? 0.9 : 0.999;
  }

  private static Optimizer adam(GoldenCase golden) {
    Adam.Builder builder =
        Adam.builder()
            .rate(golden.number("lr"))
            .betas(beta(golden, 0), beta(golden, 1))
            .epsilon(golden.number("eps", 1e-8))
            .weightDecay(golden.number("weight_decay", 0))
            .amsgrad(golden.flag("amsgrad", false));
    return (golden.flag("maximize", false) ? builder.maximize() : builder).build();
  }

  private static Optimizer adamW(GoldenCase golden) {
    AdamW.Builder builder =
        AdamW.builder()
            .rate(golden.number("lr"))
            .betas(beta(golden, 0), beta(golden, 1))
            .epsilon(golden.number("eps", 1e-8))
            .weightDecay(golden.number("weight_decay", 0.01))
            .amsgrad(golden.flag("amsgrad", false));
    return (golden.flag("maximize", false) ? builder.maximize() : builder).build();
  }

  private static Optimizer adadelta(GoldenCase golden) {
    boolean keras = golden.text("op").startsWith("keras");
    return (keras ? Adadelta.keras() : Adadelta.builder())
        .rate(golden.number("lr", 1))
        .rho(golden.number("rho", keras ? 0.95 : 0.9))
        .epsilon(golden.number(keras ? "epsilon" : "eps", keras ? 1e-7 : 1e-6))
        .weightDecay(golden.number("weight_decay", 0))
        .build();
  }

  private static Optimizer rmsProp(GoldenCase golden) {
    if (golden.text("op").startsWith("keras")) {
      boolean inside = golden.flag("eps_inside_sqrt", false);
      return RmsProp.keras(inside ? EpsPlacement.INSIDE_ROOT : EpsPlacement.OUTSIDE_ROOT)
          .rate(golden.number("lr", 0.001))
          .alpha(golden.number("rho", 0.9))
          .epsilon(golden.number("epsilon", 1e-7))
          .build();
    }
    return RmsProp.builder()
        .rate(golden.number("lr"))
        .alpha(golden.number("alpha", 0.99))
        .epsilon(golden.number("eps", 1e-8))
        .weightDecay(golden.number("weight_decay", 0))
        .momentum(golden.number("momentum", 0))
        .centered(golden.flag("centered", false))
        .build();
  }

  private static Optimizer adagrad(GoldenCase golden) {
    return Adagrad.builder()
        .rate(golden.number("lr"))
        .rateDecay(golden.number("lr_decay", 0))
        .epsilon(golden.number("eps", 1e-10))
        .weightDecay(golden.number("weight_decay", 0))
        .initialSum(golden.number("initial_accumulator_value", 0))
        .build();
  }
}
