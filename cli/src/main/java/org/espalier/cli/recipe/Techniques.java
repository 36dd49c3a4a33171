package org.espalier.cli.recipe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.espalier.nn.Module;
import org.espalier.optim.Optimizer;
import org.espalier.optim.train.Trainer;

/**
 * Is all techniques of one run, in the order in which they act on a model: a teacher, pruning, low
 * rank, quantisation.
 *
 * @param all the techniques; none for a plain run
 */
public record Techniques(List<Technique> all) {
  /** A plus between two techniques, not the sign of an exponent. */
  private static final String AND = "\\+(?=[a-zA-Z])";

  /** Keeps the order given. */
  public Techniques {
    all = List.copyOf(all);
  }

  /**
   * Reads the words of the options; unknown ones, values out of range and pairs that exclude each
   * other are refused.
   */
  public static Techniques parse(TechniqueWords words) {
    List<Technique> found = new ArrayList<>();
    if (words.teacher() != null) {
      found.add(Teaching.parse(words.teacher(), words.distill()));
    } else if (words.distill() != null) {
      throw new IllegalArgumentException(
          "--distill says how a teacher's answers count: name the teacher with --teacher");
    }
    read(Kind.Slot.PRUNE, words.prune(), found);
    read(Kind.Slot.LOWRANK, words.lowrank(), found);
    read(Kind.Slot.QUANTIZE, words.quantize(), found);
    Compatibility.check(found.stream().map(Technique::kind).toList());
    return new Techniques(found);
  }

  private static void read(Kind.Slot slot, String text, List<Technique> found) {
    if (text.equalsIgnoreCase(TechniqueWords.NONE)) {
      return;
    }
    for (String part : text.split(AND, -1)) {
      found.add(technique(slot, Words.of(slot.option(), part)));
    }
  }

  private static Technique technique(Kind.Slot slot, Words words) {
    Kind kind = Kind.of(slot, words.kind(), words.text());
    return switch (kind) {
      case SFP, ASFP -> SoftPruning.parse(kind, words);
      case RLS -> InputPruning.parse(words);
      case SCL -> ConnectionLearning.parse(words);
      case GMP -> GradualPruning.parse(words);
      case DNS -> Surgery.parse(words);
      case SNIP -> OneShotPruning.parse(words);
      case LRPET -> LowRankTraining.parse(words);
      case QAT, LSQ, DOREFA, BINARYCONNECT, BNN, BWN, XNOR, TWN, TTQ ->
          QuantizedTraining.parse(kind, words);
      case QAT_BITS, DISTILL, LEAST_SQUARES ->
          throw new AssertionError(kind + " has no words of this form");
    };
  }

  /** Refuses other options of the run that do not go with one of the techniques. */
  public void check(Terms terms) {
    if (terms.optimizer().kind() == OptimizerRecipe.Kind.RLS) {
      List<Kind> kinds = new ArrayList<>(all.stream().map(Technique::kind).toList());
      kinds.add(Kind.LEAST_SQUARES);
      Compatibility.check(kinds);
    }
    all.forEach(technique -> technique.check(terms));
  }

  /** Says what they do in a run of so many epochs; 0 where that is not known yet. */
  public String describe(int epochs) {
    return all.isEmpty()
        ? "no pruning"
        : all.stream().map(each -> each.describe(epochs)).collect(Collectors.joining("; "));
  }

  /** Changes a fresh, initialised model before its first step. */
  public void prepare(Module model, Site site) {
    all.forEach(technique -> technique.prepare(model, site));
  }

  /** Returns a trainer's builder in whose run all of them take part. */
  public Trainer.Builder trainer(Module model, Optimizer named, Site site) {
    Optimizer optimizer = named;
    for (Technique technique : all) {
      optimizer = technique.optimizer(optimizer, site);
    }
    Trainer.Builder builder = Trainer.builder(model, site.task(), optimizer, site.training());
    all.forEach(technique -> technique.attach(builder, site));
    return builder;
  }

  /** Turns the trained model into what the run leaves. */
  public void finish(Ending ending) throws IOException {
    for (Technique technique : all) {
      technique.finish(ending);
    }
    if (!ending.isChanged()) {
      ending.add(ending.stages().isEmpty() ? "dense" : "student", ending.model());
    }
  }
}
