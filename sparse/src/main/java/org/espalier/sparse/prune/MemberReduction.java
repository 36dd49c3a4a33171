package org.espalier.sparse.prune;

import java.util.List;

/** Joins the votes of a group's members, channel by channel (structured-pruning reference, 2.5). */
public enum MemberReduction {
  /** The sum. */
  SUM {
    @Override
    double join(double[] votes) {
      double sum = 0;
      for (double vote : votes) {
        sum += vote;
      }
      return sum;
    }
  },
  /** The mean. */
  MEAN {
    @Override
    double join(double[] votes) {
      return SUM.join(votes) / votes.length;
    }
  },
  /** The largest. */
  MAX {
    @Override
    double join(double[] votes) {
      double most = votes[0];
      for (double vote : votes) {
        most = Math.max(most, vote);
      }
      return most;
    }
  },
  /** The root's vote only. */
  FIRST {
    @Override
    double join(double[] votes) {
      return votes[0];
    }
  },
  /** The product. */
  PROD {
    @Override
    double join(double[] votes) {
      double product = 1;
      for (double vote : votes) {
        product *= vote;
      }
      return product;
    }
  };

  abstract double join(double[] votes);

  /** Returns one number a channel from one vector a member. */
  public double[] reduce(List<double[]> members) {
    double[] joined = new double[members.get(0).length];
    for (int channel = 0; channel < joined.length; channel++) {
      int at = channel;
      joined[channel] = join(members.stream().mapToDouble(votes -> votes[at]).toArray());
    }
    return joined;
  }
}
