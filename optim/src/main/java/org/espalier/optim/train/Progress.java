package org.espalier.optim.train;

/**
 * Says how far a run is, after each step.
 *
 * @param epoch the epoch, from 0
 * @param epochs how many there are, as far as is known
 * @param step how many steps of the epoch are done
 * @param steps how many it has
 * @param loss the mean loss of the epoch so far
 * @param accuracy the share of right answers so far, NaN where targets are no classes
 * @param rate the learning rate
 * @param samplesPerSecond the speed since this process started the run
 * @param secondsLeft the time the rest takes at this speed
 */
public record Progress(
    int epoch,
    int epochs,
    int step,
    int steps,
    double loss,
    double accuracy,
    double rate,
    double samplesPerSecond,
    double secondsLeft) {}
