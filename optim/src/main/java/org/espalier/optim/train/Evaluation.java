package org.espalier.optim.train;

import java.util.Map;

/**
 * Holds what a model did on some samples.
 *
 * @param samples the number of samples
 * @param loss the mean loss
 * @param accuracy the share of right answers, NaN where targets are no classes
 * @param topK the share of samples whose class is among the k largest outputs, NaN likewise
 * @param k the k of topK
 * @param confusion how often class {@code [row]} was answered as class {@code [column]}; empty
 *     where targets are no classes
 * @param metrics the values of further metrics by name
 */
public record Evaluation(
    long samples,
    double loss,
    double accuracy,
    double topK,
    int k,
    long[][] confusion,
    Map<String, Double> metrics) {}
