package org.espalier.cli.recipe;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Holds which techniques exclude each other, and why. A pair is refused by the first row that names
 * it; pairs that no row names go together.
 */
final class Compatibility {
  /**
   * Refuses each of some techniques beside each of some others.
   *
   * @param one the techniques of one side
   * @param others those of the other side
   * @param because the reason, a sentence
   */
  private record Row(Set<Kind> one, Set<Kind> others, String because) {
    boolean names(Kind a, Kind b) {
      return one.contains(a) && others.contains(b) || one.contains(b) && others.contains(a);
    }
  }

  private static final Set<Kind> SOFT = EnumSet.of(Kind.SFP, Kind.ASFP);
  private static final Set<Kind> MASKS = EnumSet.of(Kind.SCL, Kind.GMP, Kind.DNS, Kind.SNIP);
  private static final Set<Kind> PRUNERS = union(SOFT, MASKS, EnumSet.of(Kind.RLS));
  private static final Set<Kind> LOW_RANK = EnumSet.of(Kind.LRPET);
  private static final Set<Kind> BINARY =
      EnumSet.of(Kind.BINARYCONNECT, Kind.BNN, Kind.BWN, Kind.XNOR);
  private static final Set<Kind> TERNARY = EnumSet.of(Kind.TWN, Kind.TTQ);
  private static final Set<Kind> QUANTIZERS =
      union(BINARY, TERNARY, EnumSet.of(Kind.QAT, Kind.QAT_BITS, Kind.LSQ, Kind.DOREFA));
  private static final Set<Kind> LEAST_SQUARES = EnumSet.of(Kind.LEAST_SQUARES);

  private static final List<Row> ROWS =
      List.of(
          new Row(
              PRUNERS,
              PRUNERS,
              "both choose which weights are zero, and each would undo the other's choice"),
          new Row(
              MASKS,
              LEAST_SQUARES,
              "recursive least squares moves every weight that a layer's inputs call for, masked ones too, and its matrices do not know that some are held"),
          new Row(
              MASKS,
              LOW_RANK,
              "a projection fills masked connections again, and masks raise the rank again"),
          new Row(
              EnumSet.of(Kind.RLS),
              LOW_RANK,
              "inputs go when the loss has recovered, and every projection throws it up anew"),
          new Row(
              LEAST_SQUARES,
              LOW_RANK,
              "recursive least squares follows one solution from step to step, and a projection puts other weights in its place"),
          new Row(
              LEAST_SQUARES,
              QUANTIZERS,
              "recursive least squares solves for the weights that a layer computes with, and rounding puts others in their place"),
          new Row(QUANTIZERS, QUANTIZERS, "one weight has one grid"),
          new Row(
              EnumSet.of(Kind.SCL, Kind.DNS),
              QUANTIZERS,
              "its masks are baked in when the run is over, and nothing may stand behind them then; round the finished network instead"),
          new Row(
              EnumSet.of(Kind.RLS),
              QUANTIZERS,
              "inputs go in mid-training, and ranges measured before no longer fit"),
          new Row(
              union(SOFT, MASKS),
              union(BINARY, EnumSet.of(Kind.DOREFA)),
              "its grid has no zero: what was pruned would come back as +1 or -1"),
          new Row(
              union(SOFT, MASKS),
              TERNARY,
              "ternary weights choose their zeros themselves, by their own threshold"),
          new Row(
              LOW_RANK,
              union(BINARY, TERNARY, EnumSet.of(Kind.DOREFA, Kind.LSQ, Kind.QAT_BITS)),
              "a matrix of few different numbers has full rank again, and two thin layers could not hold it; qat:int8 goes with it"));

  private Compatibility() {}

  @SafeVarargs
  private static Set<Kind> union(Set<Kind>... sets) {
    Set<Kind> union = EnumSet.noneOf(Kind.class);
    for (Set<Kind> set : sets) {
      union.addAll(set);
    }
    return union;
  }

  /** Returns why two techniques exclude each other, or null where they go together. */
  static String reason(Kind a, Kind b) {
    return ROWS.stream().filter(row -> row.names(a, b)).map(Row::because).findFirst().orElse(null);
  }

  /** Refuses a list in which two exclude each other. */
  static void check(List<Kind> kinds) {
    List<Kind> before = new ArrayList<>();
    for (Kind kind : kinds) {
      for (Kind other : before) {
        String reason = reason(other, kind);
        if (reason != null) {
          throw new IllegalArgumentException(
              "%s and %s do not go together: %s"
                  .formatted(other.described(), kind.described(), reason));
        }
      }
      before.add(kind);
    }
  }
}
