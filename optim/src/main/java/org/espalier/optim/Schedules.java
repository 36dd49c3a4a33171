package org.espalier.optim;

import java.util.Arrays;
import java.util.List;

/** Holds the pure schedules; their formulas stand at the factories of {@link Schedule}. */
final class Schedules {
  private static final String OWNER = "schedule";

  private Schedules() {}

  static List<Integer> boxed(int... numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }

  private static double cosineFrom(double base, double least, double share) {
    return least + (base - least) * (1 + Math.cos(Math.PI * share)) / 2;
  }

  record Constant() implements Schedule {
    @Override
    public double rate(double base, double epoch, long update) {
      return base;
    }
  }

  record MultiStep(double gamma, List<Integer> milestones, boolean restartMomentum)
      implements Schedule {
    MultiStep {
      Checks.notNegative(OWNER, "gamma", gamma);
      milestones.forEach(milestone -> Checks.atLeast(0, OWNER, "milestone", milestone));
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base * Math.pow(gamma, passed(epoch));
    }

    @Override
    public boolean restarts(double before, double epoch) {
      return restartMomentum && passed(before) != passed(epoch);
    }

    private long passed(double epoch) {
      return milestones.stream().filter(milestone -> milestone <= epoch).count();
    }
  }

  record EveryFew(int size, double gamma) implements Schedule {
    EveryFew {
      Checks.atLeast(1, OWNER, "step size", size);
      Checks.notNegative(OWNER, "gamma", gamma);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base * Math.pow(gamma, Math.floor(epoch / size));
    }
  }

  record Exponential(double gamma) implements Schedule {
    Exponential {
      Checks.notNegative(OWNER, "gamma", gamma);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base * Math.pow(gamma, epoch);
    }
  }

  record Cosine(int epochs, double least) implements Schedule {
    Cosine {
      Checks.atLeast(1, OWNER, "cosine epochs", epochs);
      Checks.notNegative(OWNER, "least rate", least);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return cosineFrom(base, least, epoch / epochs);
    }
  }

  record CosineWarmRestarts(int first, int factor, double least) implements Schedule {
    CosineWarmRestarts {
      Checks.atLeast(1, OWNER, "first period", first);
      Checks.atLeast(1, OWNER, "period factor", factor);
      Checks.notNegative(OWNER, "least rate", least);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      double inside = epoch;
      double period = first;
      while (inside >= period) {
        inside -= period;
        period *= factor;
      }
      return cosineFrom(base, least, inside / period);
    }
  }

  record Linear(double start, double end, int epochs) implements Schedule {
    Linear {
      Checks.notNegative(OWNER, "start factor", start);
      Checks.notNegative(OWNER, "end factor", end);
      Checks.atLeast(1, OWNER, "linear epochs", epochs);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base * (start + (end - start) * Math.min(epoch, epochs) / epochs);
    }
  }

  record Polynomial(int epochs, double power) implements Schedule {
    Polynomial {
      Checks.atLeast(1, OWNER, "polynomial epochs", epochs);
      Checks.notNegative(OWNER, "power", power);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base * Math.pow(1 - Math.min(epoch, epochs) / epochs, power);
    }
  }

  record InTurn(List<Schedule> parts, List<Integer> milestones) implements Schedule {
    InTurn {
      if (parts.size() != milestones.size() + 1) {
        throw new IllegalArgumentException(
            "schedule: %d parts in turn need %d milestones, got %s"
                .formatted(parts.size(), parts.size() - 1, milestones));
      }
      if (parts.stream().anyMatch(part -> part instanceof Plateau)) {
        throw new IllegalArgumentException(
            "schedule: a plateau follows a metric and cannot be one of several in turn");
      }
      for (int i = 0; i < milestones.size(); i++) {
        Checks.atLeast(
            i == 0 ? 1 : milestones.get(i - 1) + 1, OWNER, "milestone", milestones.get(i));
      }
    }

    @Override
    public double rate(double base, double epoch, long update) {
      int part = part(epoch);
      return parts.get(part).rate(base, epoch - start(part), update);
    }

    @Override
    public boolean restarts(double before, double epoch) {
      int part = part(epoch);
      return part == part(before)
          && parts.get(part).restarts(before - start(part), epoch - start(part));
    }

    private int part(double epoch) {
      return (int) milestones.stream().filter(milestone -> milestone <= epoch).count();
    }

    private int start(int part) {
      return part == 0 ? 0 : milestones.get(part - 1);
    }
  }

  record WarmupCosine(int warmup, int epochs, double least) implements Schedule {
    WarmupCosine {
      Checks.atLeast(0, OWNER, "warm-up epochs", warmup);
      Checks.atLeast(warmup + 1, OWNER, "epochs", epochs);
      Checks.notNegative(OWNER, "least rate", least);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      // Between the last two whole epochs of a stretched warm-up the line would pass the base.
      return epoch < warmup
          ? base * Math.min((epoch + 1) / warmup, 1)
          : cosineFrom(base, least, (epoch - warmup) / (epochs - warmup));
    }
  }

  record InverseTime(double decay) implements Schedule {
    InverseTime {
      Checks.notNegative(OWNER, "decay", decay);
    }

    @Override
    public double rate(double base, double epoch, long update) {
      return base / (1 + decay * update);
    }
  }
}
