package org.espalier.sparse.prune.criterion.batchnorm;

/** Says what the deviation of a batch norm's output is taken for (sheet 06, section 2.1). */
public enum SigmaMode {
  /** {@code |gamma|}, the default: neither running statistics nor data matter. */
  PLAIN {
    @Override
    public double sigma(double gamma, double variance, double eps) {
      return Math.abs(gamma);
    }
  },
  /** {@code |gamma|·√(v/(v + eps))} with the running variance v. */
  EPS_AWARE {
    @Override
    public double sigma(double gamma, double variance, double eps) {
      return variance == 0 ? 0 : Math.abs(gamma) * Math.sqrt(variance / (variance + eps));
    }
  };

  /** Returns the deviation of one channel. */
  public abstract double sigma(double gamma, double variance, double eps);
}
