package org.espalier.cli.recipe;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.optim.Optimizer;
import org.espalier.optim.train.Closing;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.sparse.quant.QuantizationGrid;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.espalier.sparse.quant.integer.PostTrainingQuantizer;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Trains with weights, and in part values, of few bits: {@code qat:int8}, {@code lsq:4}, {@code
 * dorefa:w=1,a=2}, {@code binaryconnect}, {@code bnn}, {@code bwn}, {@code xnor}, {@code twn} or
 * {@code ttq}. What {@code qat:int8} trains becomes a network of 8-bit integers at the end.
 */
final class QuantizedTraining implements Technique {
  private static final Pattern BITS = Pattern.compile("(?:int)?(\\d{1,2})");
  private static final String NUMBER_OF_BITS = "bits";
  private static final String FIRST_LAST = "first-last";
  private static final String ROUNDED = "rounded";
  private static final String INTEGERS = "int8";
  private static final int FULL_BITS = 8;
  private static final int MOST_BITS = 16;
  private static final int WHOLE = 32;

  /** How many batches are looked at for ranges that training did not leave. */
  private static final int CALIBRATION_BATCHES = 32;

  private final Kind kind;
  private final NamedOptions options;
  private QuantizationAwareTraining training;
  private Site site;

  private QuantizedTraining(Kind named, NamedOptions options) {
    this.options = options;
    boolean integers = named != Kind.QAT || bits(NUMBER_OF_BITS, FULL_BITS) == FULL_BITS;
    kind = integers ? named : Kind.QAT_BITS;
    callback(Shape.of(1));
    options.notNegative("freeze", 0);
    if (kind == Kind.LSQ) {
      within(NUMBER_OF_BITS, bits(), 2, FULL_BITS);
    }
    if (kind == Kind.DOREFA) {
      within("w", bits(), 1, MOST_BITS);
      within("a", options.integer("a", 1), 1, MOST_BITS);
      within("g", options.integer("g", 1), 1, MOST_BITS);
    }
  }

  private void within(String name, int bits, int least, int most) {
    if (bits < least || bits > most) {
      throw options.wrong(name, "from %d to %d bits".formatted(least, most));
    }
  }

  /** Reads the words; values out of range are refused. */
  static QuantizedTraining parse(Kind kind, Words words) {
    NamedOptions options =
        switch (kind) {
          case QAT -> words.options(NUMBER_OF_BITS, FIRST_LAST, "freeze", "rate");
          case LSQ -> words.optionsWith(NUMBER_OF_BITS, "lsq:4", FIRST_LAST);
          case DOREFA -> words.optionsWith("w", "dorefa:w=1,a=2", "a", "g", FIRST_LAST);
          case BINARYCONNECT -> words.options("stochastic", FIRST_LAST);
          case XNOR -> words.options("centered", FIRST_LAST);
          default -> words.options(FIRST_LAST);
        };
    return new QuantizedTraining(kind, options);
  }

  @Override
  public Kind kind() {
    return kind;
  }

  /** Returns the bits of weights. */
  int bits() {
    return switch (kind) {
      case QAT, QAT_BITS, LSQ -> bits(NUMBER_OF_BITS, FULL_BITS);
      case DOREFA -> options.integer("w", 1);
      case TWN, TTQ -> 2;
      default -> 1;
    };
  }

  private int bits(String name, int otherwise) {
    if (!options.has(name)) {
      return otherwise;
    }
    Matcher matcher = BITS.matcher(options.text(name).toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw options.wrong(name, "a number of bits, as in int8");
    }
    return Integer.parseInt(matcher.group(1));
  }

  private QuantizationAwareTraining callback(Shape input) {
    QuantizationAwareTraining built =
        switch (kind) {
          case QAT -> QuantizationAwareTraining.int8(input);
          case QAT_BITS ->
              QuantizationAwareTraining.affine(
                  input, QuantizationGrid.signed(bits()), QuantizationGrid.unsigned(bits()));
          case LSQ -> QuantizationAwareTraining.lsq(input, bits());
          case DOREFA ->
              QuantizationAwareTraining.dorefa(
                  input, bits(), options.integer("a", WHOLE), options.integer("g", WHOLE));
          case BINARYCONNECT ->
              QuantizationAwareTraining.binaryConnect(input, options.flag("stochastic", false));
          case BNN -> QuantizationAwareTraining.bnn(input);
          case BWN -> QuantizationAwareTraining.binaryWeights(input);
          case XNOR -> QuantizationAwareTraining.xnor(input, options.flag("centered", false));
          case TWN -> QuantizationAwareTraining.twn(input);
          case TTQ -> QuantizationAwareTraining.ttq(input);
          default -> throw new AssertionError(kind + " does not quantise");
        };
    if (options.has(FIRST_LAST)) {
      built.quantizeFirstLast(options.flag(FIRST_LAST, false));
    }
    if (options.has("rate")) {
      built.rangeRate(options.number("rate", 0));
    }
    return built;
  }

  @Override
  public void check(Terms terms) {
    if (options.has("freeze")) {
      terms.requireKnownLength("--quantize qat with freeze", "it counts from the end of the run");
      if (options.notNegative("freeze", 0) > terms.epochs()) {
        throw options.wrong("freeze", "at most the " + terms.epochs() + " epochs of the run");
      }
    }
  }

  @Override
  public String describe(int epochs) {
    List<String> said = new ArrayList<>();
    options.values().forEach((name, value) -> said.add(name + "=" + value));
    String named = kind.word() + (said.isEmpty() ? "" : ":" + String.join(",", said));
    return named + ", rounded while it trains";
  }

  @Override
  public void prepare(Module model, Site where) {
    training(where).attach(model);
  }

  @Override
  public Optimizer optimizer(Optimizer named, Site where) {
    return training(where).optimizer(named);
  }

  @Override
  public void attach(Trainer.Builder trainer, Site where) {
    trainer.callback(training(where));
  }

  private QuantizationAwareTraining training(Site where) {
    if (training == null) {
      site = where;
      training = callback(where.input());
      if (options.has("freeze")) {
        long free = where.steps(where.epochs() - options.notNegative("freeze", 0));
        training.freezeAfter(free, free);
      }
    }
    return training;
  }

  @Override
  public void finish(Ending ending) {
    if (kind != Kind.QAT) {
      if (!ending.isChanged()) {
        ending.add(kind.word(), ending.model());
      }
      ending.fact("weights of %d bits are saved as the floats they stand for".formatted(bits()));
      return;
    }
    if (!ending.isChanged()) {
      ending.add(ROUNDED, ending.model());
    }
    IntegerModel integers = integers(ending);
    ending.explain(
        "int8: weights and values are 8-bit integers; MACs count the same products, of integers");
    ending.expectEqual(ending.lastName(), INTEGERS, FakeGrids.SOME_CODES);
    ending.add(INTEGERS, integers);
  }

  /**
   * Takes the grids that were trained; values that got none, since layers were split or cut since,
   * are looked at in some batches.
   */
  private IntegerModel integers(Ending ending) {
    return PostTrainingQuantizer.DEFAULT.quantize(ending.model(), calibration());
  }

  private List<Tensor> calibration() {
    List<Tensor> inputs = new ArrayList<>();
    Iterator<Batch> batches = site.training().epoch(0, 0);
    try {
      while (batches.hasNext() && inputs.size() < CALIBRATION_BATCHES) {
        inputs.add(batches.next().x().copy());
      }
    } finally {
      Closing.close(batches);
    }
    return inputs;
  }
}
