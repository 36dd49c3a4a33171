package org.espalier.cli.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.loss.Loss;
import org.espalier.optim.Optimizer;
import org.espalier.optim.train.Trainer;

/**
 * Is all techniques of one run, in the order in which they act on a model: pruning, low rank,
 * quantisation.
 *
 * @param all the techniques; none for a plain run
 */
public record Techniques(List<Technique> all) {
  /** The word for no technique. */
  public static final String NONE = "none";

  /** A plus between two techniques, not the sign of an exponent. */
  private static final String AND = "\\+(?=[a-zA-Z])";

  /** Keeps the order given. */
  public Techniques {
    all = List.copyOf(all);
  }

  /**
   * Reads the words of the options; unknown ones, values out of range and pairs that exclude each
   * other are refused.
   *
   * @param prune the words of {@code --prune}
   */
  public static Techniques parse(String prune) {
    List<Technique> found = new ArrayList<>();
    read(Kind.Slot.PRUNE, prune, found);
    Compatibility.check(found.stream().map(Technique::kind).toList());
    return new Techniques(found);
  }

  private static void read(Kind.Slot slot, String text, List<Technique> found) {
    if (text.equalsIgnoreCase(NONE)) {
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
      case LEAST_SQUARES -> throw new AssertionError("an optimizer is no technique");
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
    Loss loss = site.task();
    Optimizer optimizer = named;
    Batches batches = site.training();
    for (Technique technique : all) {
      loss = technique.loss(loss, site);
      optimizer = technique.optimizer(optimizer, site);
      batches = technique.training(batches, site);
    }
    Trainer.Builder builder = Trainer.builder(model, loss, optimizer, batches);
    Consumer<Technique> attach = technique -> technique.attach(builder, site);
    all.forEach(attach);
    return builder;
  }

  /** Turns the trained model into what the run leaves. */
  public void finish(Ending ending) {
    all.forEach(technique -> technique.finish(ending));
    if (ending.stages().isEmpty()) {
      ending.add("dense", ending.model());
    }
  }
}
