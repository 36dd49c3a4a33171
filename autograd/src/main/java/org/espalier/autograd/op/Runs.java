package org.espalier.autograd.op;

import java.util.ArrayList;
import java.util.List;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Span;

/** Finds the run of axes that one side of a signature has and the other lacks. */
final class Runs {
  private Runs() {}

  /** Tells whether the terms that {@code few} lacks stand side by side and the rest is in order. */
  static boolean isRun(List<Term> many, List<Term> few) {
    int from = from(many, few);
    int to = many.size();
    while (to > from && few.contains(many.get(to - 1))) {
      to--;
    }
    List<Term> kept = new ArrayList<>(many.subList(0, from));
    kept.addAll(many.subList(to, many.size()));
    return kept.equals(few);
  }

  static void check(String op, AxisSpec spec, List<Term> many, List<Term> few) {
    if (!isRun(many, few)) {
      throw new IllegalArgumentException(
          op
              + ": the letters on one side only must stand side by side, the others in order: "
              + spec);
    }
  }

  /** Returns the terms of {@code many} that {@code few} lacks, in a new list. */
  static List<Term> lacking(List<Term> many, List<Term> few) {
    List<Term> lacking = new ArrayList<>(many);
    lacking.removeAll(few);
    return lacking;
  }

  /** Returns the signature of one input with these terms. */
  static AxisSpec spec(List<Term> input, List<Term> output) {
    return AxisSpec.of("x: " + print(input) + " -> " + print(output));
  }

  private static String print(List<Term> terms) {
    return String.join(
        " ", terms.stream().map(term -> term instanceof Rest ? "..." : term.toString()).toList());
  }

  private static int from(List<Term> many, List<Term> few) {
    int from = 0;
    while (from < few.size() && from < many.size() && many.get(from).equals(few.get(from))) {
      from++;
    }
    return from;
  }

  /** Returns the view of the larger tensor whose middle is the run. */
  static Span span(List<Term> many, List<Term> few, Shape shape) {
    int first = from(many, few);
    int behind = few.size() - first;
    boolean restBefore = many.subList(0, first).contains(new Rest());
    boolean restBehind = many.subList(many.size() - behind, many.size()).contains(new Rest());
    int rest = shape.rank() - many.size();
    int from = first + (restBefore ? rest : 0);
    int to = shape.rank() - behind - (restBehind ? rest : 0);
    return Span.of(shape, from, to);
  }
}
