package org.espalier.optim;

/**
 * Holds the settings that may differ between parameter groups.
 *
 * @param rate the base learning rate
 * @param weightDecay the factor of the L2 penalty's gradient
 * @param momentum the share of the last step's change, 0 where there is none
 */
record Settings(double rate, double weightDecay, double momentum) {}
