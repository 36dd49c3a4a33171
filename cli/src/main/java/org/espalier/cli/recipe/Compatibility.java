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
              "recursive least squares follows one solution from step to step, and a projection puts other weights in its place"));

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
