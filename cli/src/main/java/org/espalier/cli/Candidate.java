package org.espalier.cli;

import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.optim.train.Evaluation;

/**
 * Is one of the models that a run compares, with what was measured of it.
 *
 * @param name dense, masked or compact
 * @param model the model
 * @param costs parameters and multiply-accumulates
 * @param bytes the size of its file
 * @param evaluation what it did on the test samples
 */
record Candidate(String name, Module model, Costs costs, long bytes, Evaluation evaluation) {}
