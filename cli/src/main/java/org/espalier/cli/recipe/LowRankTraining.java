package org.espalier.cli.recipe;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.espalier.nn.Module;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.lowrank.Coverage;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.sparse.lowrank.EnergyTransfer;
import org.espalier.sparse.lowrank.LowRankProjection;
import org.espalier.sparse.lowrank.RankPolicy;

/**
 * Projects weights onto low ranks while the network trains, and splits every layer in two when it
 * is trained: LRPET, {@code lrpet:0.57} for the share of singular values dropped, or {@code
 * lrpet:energy=0.95}, or {@code lrpet:ranks=8:8:16} with one rank a layer; {@code floors=18:43}
 * lifts the ranks of the first layer and of the others, {@code multiple=16} rounds them up to what
 * kernels compute at once.
 */
final class LowRankTraining implements Technique {
  private static final String EXAMPLE = "lrpet:0.57, lrpet:energy=0.95 or lrpet:ranks=8:8:16";
  private static final String RATIO = "ratio";
  private static final String ENERGY = "energy";
  private static final String RANKS = "ranks";
  private static final String FLOORS = "floors";
  private static final String MULTIPLE = "multiple";
  private static final String TRAINED = "low-rank";
  private static final String SPLIT = "split";

  /** How far two thin layers may be from the one they came from (sheet 09, 2.7). */
  private static final double TOLERANCE = 1e-4;

  private final NamedOptions options;
  private final RankPolicy policy;

  private LowRankTraining(Words words) {
    options =
        words.options(
            RATIO,
            ENERGY,
            RANKS,
            FLOORS,
            MULTIPLE,
            "epochs",
            "steps",
            "transfer",
            "rectify",
            "linears",
            "exclude",
            "recalibrate");
    if (Stream.of(RATIO, ENERGY, RANKS).filter(options::has).count() != 1) {
      throw new IllegalArgumentException(
          "--lowrank lrpet needs one way to choose ranks, as in %s; got '%s'"
              .formatted(EXAMPLE, words.text()));
    }
    policy = policy();
    positive("epochs", 1);
    positive("steps", 1);
    positive("recalibrate", 1);
    coverage();
    transfer();
    if (options.has("epochs") && options.has("steps")) {
      throw new IllegalArgumentException(
          "--lowrank lrpet projects every so many epochs or every so many steps; leave out one");
    }
  }

  /** Reads the words; values out of range are refused. */
  static LowRankTraining parse(Words words) {
    return new LowRankTraining(words);
  }

  private RankPolicy policy() {
    RankPolicy policy = chosen();
    if (options.has(FLOORS)) {
      int[] floors = options.integers(FLOORS);
      if (floors.length != 2) {
        throw options.wrong(FLOORS, "two: of the first layer and of the others, as in 18:43");
      }
      policy = policy.withFloors(floors[0], floors[1]);
    }
    return policy.inStepsOf(positive(MULTIPLE, 1));
  }

  private RankPolicy chosen() {
    if (options.has(RATIO)) {
      return RankPolicy.ratio(options.share(RATIO));
    }
    return options.has(ENERGY)
        ? RankPolicy.energy(options.number(ENERGY, Double.NaN))
        : RankPolicy.list(options.integers(RANKS));
  }

  private int positive(String name, int otherwise) {
    int number = options.integer(name, otherwise);
    if (number < 1) {
      throw options.wrong(name, "at least 1");
    }
    return number;
  }

  private Coverage coverage() {
    Coverage coverage = Coverage.CONVOLUTIONS.without(options.list("exclude"));
    if (options.flag("linears", false)) {
      coverage = coverage.withLinears();
    }
    return options.flag("rectify", true) ? coverage : coverage.withoutRectification();
  }

  private EnergyTransfer transfer() {
    return options.flag("transfer", true) ? EnergyTransfer.UNIFORM : EnergyTransfer.NONE;
  }

  @Override
  public Kind kind() {
    return Kind.LRPET;
  }

  @Override
  public String describe(int epochs) {
    String how =
        Stream.of(RATIO, ENERGY, RANKS, FLOORS, MULTIPLE)
            .filter(options::has)
            .map(name -> (name.equals(RATIO) ? "" : name + "=") + options.text(name))
            .collect(Collectors.joining(","));
    String when =
        options.has("steps")
            ? "every %d steps".formatted(positive("steps", 1))
            : positive("epochs", 1) == 1
                ? "after every epoch"
                : "after every %d epochs".formatted(positive("epochs", 1));
    return "lrpet:%s, projected onto low ranks %s".formatted(how, when);
  }

  /** Refuses a model that has nothing to project, or for which the ranks are none; not modified. */
  @Override
  public void prepare(Module model, Site site) {
    if (!options.has(ENERGY)) {
      policy.checkedRanks(coverage().withoutRectification().of(model, site.input()));
    }
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    LowRankProjection.Builder builder =
        LowRankProjection.builder(site.input(), policy).coverage(coverage()).transfer(transfer());
    if (options.has("steps")) {
      builder.everySteps(positive("steps", 1));
    } else {
      builder.everyEpochs(positive("epochs", 1));
    }
    if (options.has("recalibrate")) {
      builder.recalibrateAtEnd(
          Recalibration.fresh(site.training()).withBatches(positive("recalibrate", 1)));
    }
    trainer.callback(builder.build());
  }

  @Override
  public void finish(Ending ending) {
    Module split = ending.copy();
    boolean rounded = FakeGrids.areOn(split);
    FakeGrids.remove(split);
    Decomposition.Report report =
        Decomposition.at(ending.input()).withCoverage(coverage()).apply(split);
    if (!ending.isChanged()) {
      ending.add(TRAINED, ending.model());
    }
    ending.fact(ranks(report.splits()));
    if (!report.dense().isEmpty()) {
      ending.fact(
          "whole, since two layers would not be smaller: " + String.join(", ", report.dense()));
    }
    ending.explain("split: every layer of low rank as two thin ones");
    if (!rounded) {
      ending.expectEqual(ending.lastName(), SPLIT, TOLERANCE);
    }
    ending.add(SPLIT, split);
  }

  private static String ranks(List<Decomposition.Split> splits) {
    return "ranks: "
        + splits.stream()
            .map(split -> "%s %d of %d".formatted(split.path(), split.rank(), split.fullRank()))
            .collect(Collectors.joining(", "));
  }
}
