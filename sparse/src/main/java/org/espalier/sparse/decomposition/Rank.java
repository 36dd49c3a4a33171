package org.espalier.sparse.decomposition;

import org.espalier.tensor.linalg.Svd;

/** Says how many terms of a decomposition are kept. */
public sealed interface Rank {
  /**
   * The same rank for every layer.
   *
   * @param rank the number of terms, at least 1; more than a layer has are refused
   */
  record Fixed(int rank) implements Rank {
    /** Creates the choice. */
    public Fixed {
      if (rank < 1) {
        throw new IllegalArgumentException("rank: must be at least 1, got " + rank);
      }
    }

    @Override
    public int of(Svd spectrum) {
      int most = spectrum.singularValues().count();
      if (rank > most) {
        throw new IllegalArgumentException(
            "rank: must be inside 1..%d here, got %d; use a share, or leave the layer out"
                .formatted(most, rank));
      }
      return rank;
    }

    @Override
    public String toString() {
      return "rank " + rank;
    }
  }

  /**
   * A share of the largest possible rank, {@code max(1, rint(share · k))} (rounding ours).
   *
   * @param share in (0, 1]
   */
  record Share(double share) implements Rank {
    /** Creates the choice. */
    public Share {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException("rank: a share must be in (0, 1], got " + share);
      }
    }

    @Override
    public int of(Svd spectrum) {
      return Math.max(1, (int) Math.rint(share * spectrum.singularValues().count()));
    }

    @Override
    public String toString() {
      return "share " + share;
    }
  }

  /**
   * The smallest r with {@code Σ_{i<=r} s_i² >= theta · Σ s_i²}.
   *
   * @param theta in (0, 1]
   */
  record Energy(double theta) implements Rank {
    /** Creates the choice. */
    public Energy {
      if (!(theta > 0 && theta <= 1)) {
        throw new IllegalArgumentException("rank: an energy must be in (0, 1], got " + theta);
      }
    }

    @Override
    public int of(Svd spectrum) {
      return spectrum.rankForEnergy(theta);
    }

    @Override
    public String toString() {
      return "energy " + theta;
    }
  }

  /** Returns the rank for a matrix of this spectrum, from 1 to the number of singular values. */
  int of(Svd spectrum);
}
