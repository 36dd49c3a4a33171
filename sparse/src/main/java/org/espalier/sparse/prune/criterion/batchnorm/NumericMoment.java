package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Integrates a function of a normal variable over twelve deviations to both sides, piece by piece
 * between its kinks, by Gauss-Legendre quadrature (sheet 06, section 2.4).
 */
final class NumericMoment implements ActivationMoment {
  private static final double REACH = 12;
  private static final double LONGEST = 4;
  private static final int NODES = 64;

  /** Nodes in [-1, 1], then their weights. */
  private static final double[][] RULE = rule();

  private final DoubleUnaryOperator function;
  private final double[] kinks;

  NumericMoment(DoubleUnaryOperator function, double... kinks) {
    this.function = function;
    this.kinks = kinks.clone();
    Arrays.sort(this.kinks);
  }

  /** Finds the roots of the Legendre polynomial of order {@link #NODES} by Newton's method. */
  private static double[][] rule() {
    double[][] rule = new double[2][NODES];
    for (int i = 0; i < NODES; i++) {
      double x = Math.cos(Math.PI * (i + 0.75) / (NODES + 0.5));
      double slope = 1;
      for (int step = 0; step < 20; step++) {
        double before = 1;
        double now = x;
        for (int k = 2; k <= NODES; k++) {
          double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
          before = now;
          now = next;
        }
        slope = NODES * (x * now - before) / (x * x - 1);
        x -= now / slope;
      }
      rule[0][i] = x;
      rule[1][i] = 2 / ((1 - x * x) * slope * slope);
    }
    return rule;
  }

  @Override
  public double value(double z) {
    return function.applyAsDouble(z);
  }

  @Override
  public double mean(double beta, double sigma) {
    return expectation(function, beta, sigma);
  }

  @Override
  public double meanAbs(double beta, double sigma) {
    return expectation(z -> Math.abs(function.applyAsDouble(z)), beta, sigma);
  }

  @Override
  public double secondMoment(double beta, double sigma) {
    return expectation(z -> function.applyAsDouble(z) * function.applyAsDouble(z), beta, sigma);
  }

  private double expectation(DoubleUnaryOperator of, double beta, double sigma) {
    if (sigma == 0) {
      return of.applyAsDouble(beta);
    }
    double sum = 0;
    double from = -REACH;
    for (double kink : kinks) {
      double u = (kink - beta) / sigma;
      if (u > from && u < REACH) {
        sum += piece(of, beta, sigma, from, u);
        from = u;
      }
    }
    return sum + piece(of, beta, sigma, from, REACH);
  }

  private static double piece(
      DoubleUnaryOperator of, double beta, double sigma, double from, double to) {
    int parts = (int) Math.ceil((to - from) / LONGEST);
    double half = (to - from) / parts / 2;
    double sum = 0;
    for (int part = 0; part < parts; part++) {
      double middle = from + (2 * part + 1) * half;
      for (int i = 0; i < NODES; i++) {
        double u = middle + half * RULE[0][i];
        sum += RULE[1][i] * half * of.applyAsDouble(beta + sigma * u) * StandardNormal.density(u);
      }
    }
    return sum;
  }
}
