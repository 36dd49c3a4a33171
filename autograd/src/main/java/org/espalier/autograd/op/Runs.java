package org.espalier.autograd.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Rest;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Finds the run of axes that one side of a signature has and the other lacks; puts them side by
 * side first where they are scattered.
 */
final class Runs {
  private Runs() {}

  /** Repeats x over the letters that the input lacks, wherever they stand. */
  static Var repeat(Var x, AxisSpec wanted, Map<String, Integer> sizes) {
    List<Term> in = wanted.inputs().get(0).terms();
    if (isRun(wanted.output(), in)) {
      return Tape.run(new Repeat(wanted, sizes), x);
    }
    List<Term> order = lacking(wanted.output(), in);
    order.addAll(in);
    Var wide = Tape.run(new Repeat(spec(in, order), sizes), x);
    return Tape.run(new Rearrange(spec(order, wanted.output()), Map.of()), wide);
  }

  /** Reduces the letters that the output lacks, wherever they stand. */
  static Var reduce(Reduction reduction, Var x, AxisSpec wanted) {
    List<Term> in = wanted.inputs().get(0).terms();
    if (isRun(in, wanted.output())) {
      return Tape.run(new Reduce(reduction, wanted), x);
    }
    List<Term> order = new ArrayList<>(wanted.output());
    order.addAll(lacking(in, wanted.output()));
    Var sorted = Tape.run(new Rearrange(spec(in, order), Map.of()), x);
    return Tape.run(new Reduce(reduction, spec(order, wanted.output())), sorted);
  }

  /** Tells whether the terms that {@code few} lacks stand side by side and the rest is in order. */
  private static boolean isRun(List<Term> many, List<Term> few) {
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
  private static List<Term> lacking(List<Term> many, List<Term> few) {
    List<Term> lacking = new ArrayList<>(many);
    lacking.removeAll(few);
    return lacking;
  }

  /** Returns the signature of one input with these terms. */
  private static AxisSpec spec(List<Term> input, List<Term> output) {
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
