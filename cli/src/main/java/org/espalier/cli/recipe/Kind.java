package org.espalier.cli.recipe;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Names what a run may combine: the techniques, each under the option that takes its words. */
public enum Kind {
  /** Soft filter pruning. */
  SFP(Slot.PRUNE),
  /** Soft filter pruning at a growing ratio. */
  ASFP(Slot.PRUNE),
  /** Pruning of inputs whenever the loss has recovered. */
  RLS(Slot.PRUNE),
  /** Sparse connectivity learning. */
  SCL(Slot.PRUNE),
  /** Gradual magnitude pruning. */
  GMP(Slot.PRUNE),
  /** Dynamic network surgery. */
  DNS(Slot.PRUNE),
  /** Pruning by connection sensitivity before training. */
  SNIP(Slot.PRUNE),
  /** Low-rank projection with energy transfer. */
  LRPET(Slot.LOWRANK),
  /** Training for integer inference. */
  QAT(Slot.QUANTIZE),
  /** The same at another width than 8 bits, for which there is no integer inference. */
  QAT_BITS(Slot.QUANTIZE),
  /** Learned step sizes. */
  LSQ(Slot.QUANTIZE),
  /** DoReFa's weights, values and gradients. */
  DOREFA(Slot.QUANTIZE),
  /** Weights +1 and -1. */
  BINARYCONNECT(Slot.QUANTIZE),
  /** Weights and values +1 and -1. */
  BNN(Slot.QUANTIZE),
  /** Binary weights with a factor a filter. */
  BWN(Slot.QUANTIZE),
  /** Binary weights and values with factors. */
  XNOR(Slot.QUANTIZE),
  /** Ternary weights. */
  TWN(Slot.QUANTIZE),
  /** Ternary weights whose two values train along. */
  TTQ(Slot.QUANTIZE),
  /** Learning from a teacher. */
  DISTILL(Slot.TEACHER),
  /** Learning by recursive least squares. */
  LEAST_SQUARES(Slot.OPTIMIZER);

  /** Names the options of {@code train} that take techniques. */
  public enum Slot {
    /** What goes. */
    PRUNE,
    /** What gets low rank. */
    LOWRANK,
    /** What gets few bits. */
    QUANTIZE,
    /** Whose answers count beside the targets. */
    TEACHER,
    /** How a run learns; no technique stands there, but one may not go with it. */
    OPTIMIZER;

    /** Returns the option as it is written. */
    public String option() {
      return "--" + name().toLowerCase(Locale.ROOT);
    }

    /** Returns the techniques that this option takes, with examples of their words. */
    List<Kind> kinds() {
      return Arrays.stream(Kind.values()).filter(kind -> kind.slot == this).toList();
    }
  }

  private final Slot slot;

  Kind(Slot slot) {
    this.slot = slot;
  }

  /** Returns the option that takes this technique. */
  public Slot slot() {
    return slot;
  }

  /** Returns the word of the command line. */
  public String word() {
    return switch (this) {
      case LEAST_SQUARES -> "rls";
      case QAT_BITS -> QAT.word();
      default -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** Returns option and word, as in {@code --prune scl}. */
  String described() {
    return this == DISTILL ? slot.option() : slot.option() + " " + word();
  }

  /** Returns the technique of a word; refused with the nearest one where there is none. */
  static Kind of(Slot slot, String word, String text) {
    String wanted = word.toLowerCase(Locale.ROOT);
    if (slot == Slot.PRUNE && wanted.equals("lottery")) {
      throw new IllegalArgumentException(
          "--prune lottery: a lottery ticket takes several runs, each from the same early weights along a whole schedule; this command is one run (in Java: LotteryTicket)");
    }
    List<Kind> kinds = slot.kinds();
    return kinds.stream()
        .filter(kind -> kind.word().equals(wanted))
        .findFirst()
        .orElseThrow(
            () -> {
              List<String> words = kinds.stream().map(Kind::word).distinct().toList();
              return new IllegalArgumentException(
                  "%s knows no '%s' (in '%s')%s; there are none, %s"
                      .formatted(
                          slot.option(),
                          word,
                          text,
                          NearestName.hint(wanted, words),
                          words.stream().collect(Collectors.joining(", "))));
            });
  }
}
